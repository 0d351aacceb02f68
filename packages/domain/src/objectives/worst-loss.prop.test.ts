import fc from "fast-check";
import { expect, test } from "vitest";
import { measureCopyLoss, predictWorstLoss } from "./worst-loss.ts";
import type { UsableCopy } from "./worst-loss.ts";

const anyCopies: fc.Arbitrary<UsableCopy[]> = fc.array(
  fc
    .record({ dataAtMs: fc.nat(40), delayMs: fc.nat(10), livesMs: fc.option(fc.integer({ min: 1, max: 30 })) })
    .map(({ dataAtMs, delayMs, livesMs }) => {
      const usableAtMs = dataAtMs + delayMs;
      return { dataAtMs, usableAtMs, removedAtMs: livesMs === null ? null : usableAtMs + livesMs };
    }),
  { maxLength: 8 },
);

/** The definition, tried at many moments between whole milliseconds. */
function lossByTrying(copies: readonly UsableCopy[], fromMs: number, nowMs: number): number | null {
  const startMs = Math.max(fromMs, Math.min(...copies.map(({ usableAtMs }) => usableAtMs)));
  if (!(startMs <= nowMs)) return null;
  const moments = Array.from({ length: nowMs - startMs }, (_none, i) => startMs + i + 0.999);
  const losses = [...moments, nowMs].map((atMs) => {
    const there = copies.filter(
      (one) => one.usableAtMs <= atMs && (one.removedAtMs === null || one.removedAtMs > atMs),
    );
    return there.length === 0 ? null : atMs - Math.max(...there.map(({ dataAtMs }) => dataAtMs));
  });
  return losses.includes(null) ? null : Math.max(...(losses as number[]));
}

test("the worst loss is the largest loss at any moment of the span", () => {
  fc.assert(
    fc.property(anyCopies, fc.nat(30), fc.integer({ min: 30, max: 80 }), (copies, fromMs, nowMs) => {
      const { worstLossMs } = measureCopyLoss(copies, { fromMs, nowMs });
      const tried = lossByTrying(copies, fromMs, nowMs);
      if (tried === null) expect(worstLossMs).toBeNull();
      else expect(Math.abs((worstLossMs ?? Infinity) - tried)).toBeLessThan(0.01);
    }),
    { numRuns: 500 },
  );
});

test("a copy more that stays never makes the worst loss larger, from when the first can be used", () => {
  fc.assert(
    fc.property(anyCopies, fc.nat(40), fc.nat(5), (copies, dataAtMs, delayMs) => {
      const first = { dataAtMs: 0, usableAtMs: 0, removedAtMs: null };
      const more = { dataAtMs, usableAtMs: dataAtMs + delayMs, removedAtMs: null };
      const span = { fromMs: 0, nowMs: 60 };
      const without = measureCopyLoss([first, ...copies], span).worstLossMs ?? Infinity;
      expect(measureCopyLoss([first, ...copies, more], span).worstLossMs).toBeLessThanOrEqual(without);
    }),
  );
});

test("regular captures achieve interval + capture + transfer + publish, as predicted", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 10, max: 100 }),
      fc.nat(9),
      fc.nat(9),
      fc.nat(9),
      (every, capture, transfer, publish) => {
        const wayMs = capture + transfer + publish;
        const copies = Array.from({ length: 5 }, (_none, i) => {
          return { dataAtMs: i * every, usableAtMs: i * every + wayMs, removedAtMs: null };
        });
        const measured = (value: number) => ({ value, provenance: "measured", source: "a test" }) as const;
        const predicted = predictWorstLoss({
          intervalMs: measured(every),
          captureMs: measured(capture),
          transferMs: measured(transfer),
          publishMs: { ...measured(publish), provenance: "assumed" },
        });
        expect(measureCopyLoss(copies, { fromMs: 0, nowMs: 4 * every + wayMs }).worstLossMs).toBe(predicted.value);
        expect(predicted.provenance).toBe("assumed");
      },
    ),
  );
});
