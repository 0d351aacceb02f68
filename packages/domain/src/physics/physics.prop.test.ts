import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Figure } from "../evidence/figure.ts";
import type { Provenance } from "../inventory/capability.ts";
import { boundParallel, leastParallel } from "./bound-parallel.ts";
import { judgeTerms } from "./judge-terms.ts";
import { predictLoss } from "./predict-loss.ts";
import type { LossInput } from "./predict-loss.ts";
import { predictRecovery } from "./predict-recovery.ts";
import type { RecoveryInput } from "./predict-recovery.ts";

const minuteMs = 60_000;
const provenance = fc.constantFrom<Provenance>("measured", "probed", "documented", "assumed");
const figure = (value: fc.Arbitrary<number>, known = provenance): fc.Arbitrary<Figure> =>
  fc.record({ value, provenance: known, source: fc.constant("a test") });
const load = (known = provenance) => ({
  vms: fc.array(
    fc.record({
      vmKey: fc.constant("vm"),
      disks: fc.array(
        fc.record({
          name: fc.constant("disk"),
          role: fc.constantFrom("os" as const, "data" as const),
          allocatedBytes: figure(fc.integer({ min: 1, max: 2e12 }), known),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      changedBytesPerSecond: figure(fc.nat(40_000_000), known),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  rates: fc.record({
    captureRate: figure(fc.integer({ min: 10_000_000, max: 500_000_000 }), known),
    restoreRate: figure(fc.integer({ min: 10_000_000, max: 500_000_000 }), known),
    diskCap: figure(fc.constant(145_000_000), known),
    slots: figure(fc.integer({ min: 1, max: 8 }), known),
    link: fc.option(figure(fc.integer({ min: 1_000_000, max: 125_000_000 }), known)),
    storedRatio: figure(fc.double({ min: 0.05, max: 1, noNaN: true }), known),
  }),
});
const anyLoss = (known = provenance): fc.Arbitrary<LossInput> =>
  fc.record({
    ...load(known),
    rpoMs: fc.integer({ min: minuteMs, max: 3000 * minuteMs }),
    intervalMs: fc.integer({ min: minuteMs, max: 3000 * minuteMs }),
    windowMs: fc.option(fc.integer({ min: minuteMs, max: 1440 * minuteMs })),
    publishMs: figure(fc.nat(5 * minuteMs), known),
  });
const anyRecovery = (known = provenance): fc.Arbitrary<RecoveryInput> =>
  fc.record({
    ...load(known),
    rtoMs: fc.integer({ min: minuteMs, max: 3000 * minuteMs }),
    fixedPhases: fc.array(
      fc.record({ name: fc.constant("decide"), durationMs: figure(fc.nat(60 * minuteMs), known) }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
    redeployMs: fc.option(figure(fc.nat(60 * minuteMs), known)),
  });
const unmeasured = fc.constantFrom<Provenance>("probed", "documented", "assumed");

test("any list schedule lies between the two bounds of parallel work", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000)), fc.integer({ min: 1, max: 5 }), (durations, slots) => {
      const ends = Array.from({ length: slots }, () => 0);
      for (const duration of durations) {
        const free = ends.indexOf(Math.min(...ends));
        ends[free] = (ends[free] ?? 0) + duration;
      }
      const takes = Math.max(...ends);
      expect(takes).toBeLessThanOrEqual(boundParallel(durations, slots) + 1e-6);
      expect(takes).toBeGreaterThanOrEqual(leastParallel(durations, slots) - 1e-6);
    }),
  );
});

describe("only what was measured refuses", () => {
  test("a loss", () => {
    fc.assert(
      fc.property(anyLoss(unmeasured), (input) => {
        // The interval is decided, not guessed: one beyond the RPO may be refused.
        const { severity } = predictLoss({ ...input, intervalMs: 1, windowMs: null });
        expect(severity).not.toBe("blocks");
      }),
    );
  });
  test("a recovery", () => {
    fc.assert(
      fc.property(anyRecovery(unmeasured), (input) => {
        expect(predictRecovery(input).severity).not.toBe("blocks");
      }),
    );
  });
  test("and what is measured throughout is refused when the least it takes is too long", () => {
    fc.assert(
      fc.property(anyRecovery(fc.constant("measured")), (input) => {
        const { severity, measuredMs, predictedMs } = predictRecovery(input);
        expect(measuredMs).toBeLessThanOrEqual(predictedMs.value + 1e-6);
        expect(severity === "blocks").toBe(measuredMs > input.rtoMs);
        expect(severity === null).toBe(predictedMs.value <= input.rtoMs);
      }),
    );
  });
});

describe("predictLoss", () => {
  test("the interval that it names reaches the RPO, and none a little longer does", () => {
    fc.assert(
      fc.property(anyLoss(), (input) => {
        const { longestIntervalMs } = predictLoss(input);
        if (longestIntervalMs === null) return;
        const at = (intervalMs: number) => predictLoss({ ...input, windowMs: null, intervalMs });
        const reached = at(longestIntervalMs * 0.999999);
        expect(reached.severity).toBeNull();
        // The work of an interval ends before the next: captures of one VM do not overlap.
        const workMs = reached.terms.slice(1).reduce((sum, { boundsMs }) => sum + (boundsMs[0]?.value ?? 0), 0);
        expect(workMs).toBeLessThanOrEqual(longestIntervalMs * 1.00001);
        expect(at(longestIntervalMs * 1.001).severity).not.toBeNull();
      }),
    );
  });
  test("without such an interval no interval reaches it", () => {
    fc.assert(
      fc.property(anyLoss(), fc.integer({ min: 1, max: 3000 * minuteMs }), (input, intervalMs) => {
        if (predictLoss(input).longestIntervalMs !== null) return;
        const { predictedMs, terms, isNeverDone } = predictLoss({ ...input, windowMs: null, intervalMs });
        const workMs = terms.slice(1).reduce((sum, { boundsMs }) => sum + (boundsMs[0]?.value ?? 0), 0);
        expect(predictedMs.value > input.rpoMs || workMs > intervalMs * (1 - 1e-9) || isNeverDone).toBe(true);
      }),
    );
  });
  test("a faster link never makes it worse", () => {
    fc.assert(
      fc.property(anyLoss(), fc.integer({ min: 1, max: 9 }), (input, times) => {
        const { link } = input.rates;
        if (link === null) return;
        const faster = { ...input.rates, link: { ...link, value: link.value * times } };
        const [slow, fast] = [predictLoss(input), predictLoss({ ...input, rates: faster })];
        expect(fast.predictedMs.value).toBeLessThanOrEqual(slow.predictedMs.value);
        expect(slow.longestIntervalMs === null || fast.longestIntervalMs !== null).toBe(true);
      }),
    );
  });
});

test("what is not reached comes with a way out, and what is reached with none", () => {
  fc.assert(
    fc.property(anyLoss(), anyRecovery(), (loss, recovery) => {
      for (const { severity, remedies } of [predictLoss(loss), predictRecovery(recovery)])
        expect(remedies.length === 0).toBe(severity === null);
    }),
  );
});

test("a term is as long as its longest bound", () => {
  const known = (value: number, how: Provenance): Figure => ({ value, provenance: how, source: "a test" });
  const terms = [
    { name: "decide", boundsMs: [known(10, "assumed")] },
    { name: "restore", boundsMs: [known(50, "documented"), known(30, "measured")] },
  ];
  expect(judgeTerms(terms, 60)).toMatchObject({ severity: null, boundBy: "restore" });
  expect(judgeTerms(terms, 59)).toMatchObject({ severity: "warns", measuredMs: 30, predictedMs: { value: 60 } });
  expect(judgeTerms(terms, 29)).toMatchObject({ severity: "blocks", predictedMs: { provenance: "assumed" } });
});
