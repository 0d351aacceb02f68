import fc from "fast-check";
import { expect, test } from "vitest";
import { planPacks } from "./plan-packs.ts";

const anyInput = fc
  .record({
    epoch: fc.integer({ min: 2, max: 9 }),
    packs: fc.uniqueArray(
      fc.record({
        packId: fc.constantFrom("a", "b", "c", "d", "e", "f"),
        livingBytes: fc.constantFrom(0, 0, 10, 60, 100),
        expiringBytes: fc.constantFrom(0, 0, 5),
        since: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
      }),
      { selector: ({ packId }) => packId },
    ),
    orphans: fc.uniqueArray(fc.constantFrom("x", "y", "z")),
    gone: fc.dictionary(fc.constantFrom("v", "w"), fc.integer({ min: 1, max: 8 })),
    oldestNoted: fc.constantFrom(-1, 0, 3, 6, Number.POSITIVE_INFINITY),
    maxDead: fc.constantFrom(0, 0.05, 0.3, 1),
  })
  .map(({ epoch, packs, orphans, gone, oldestNoted, maxDead }) => {
    const condemned: Record<string, number> = {};
    for (const { packId, since } of packs) if (since !== undefined && since < epoch) condemned[packId] = since;
    for (const [packId, since] of Object.entries(gone)) if (since < epoch) condemned[packId] = since;
    return {
      epoch,
      condemned,
      packs: packs.map((pack) => ({ ...pack, bytes: 105 })),
      orphans,
      oldestNoted,
      deadShare: 0.3,
      maxDead,
    };
  });

test("planPacks dooms only what nobody needs, was condemned before, and no writer can know from before that", () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      for (const packId of planPacks(input).doomed) {
        const pack = input.packs.find((known) => known.packId === packId);
        expect((pack?.livingBytes ?? 0) + (pack?.expiringBytes ?? 0)).toBe(0);
        expect(input.condemned[packId]).toBeLessThan(input.epoch);
        expect(input.condemned[packId]).toBeLessThanOrEqual(input.oldestNoted);
      }
    }),
  );
});

test("planPacks gives each pack one lot, and loses none that somebody could delete", () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      const plan = planPacks(input);
      const lots = [...Object.keys(plan.condemned), ...plan.rescued, ...plan.doomed, ...plan.rewritten];
      expect(new Set(lots).size).toBe(lots.length);
      const unneeded = [
        ...input.packs.filter(({ livingBytes }) => livingBytes === 0).map(({ packId }) => packId),
        ...input.orphans,
      ];
      for (const packId of unneeded) expect(packId in plan.condemned || plan.doomed.includes(packId)).toBe(true);
      for (const packId of plan.rescued)
        expect(input.packs.find((pack) => pack.packId === packId)!.livingBytes > 0).toBe(true);
    }),
  );
});

test("planPacks writes packs anew only where more is dead than may be, and then all that are mostly dead", () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      const { rewritten } = planPacks(input);
      const needed = input.packs.filter(({ packId, livingBytes }) => livingBytes > 0 && !(packId in input.condemned));
      const dead = needed.reduce((sum, { bytes, livingBytes }) => sum + bytes - livingBytes, 0);
      const mostlyDead = needed.filter(({ bytes, livingBytes }) => bytes - livingBytes > 0.3 * bytes);
      const isTolerated = dead <= input.maxDead * 105 * input.packs.length;
      expect(rewritten).toEqual(isTolerated ? [] : mostlyDead.map(({ packId }) => packId));
    }),
  );
});
