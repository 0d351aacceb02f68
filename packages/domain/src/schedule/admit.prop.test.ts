import fc from "fast-check";
import { expect, test } from "vitest";
import { admit } from "./admit.ts";
import { forecastOnboarding } from "./forecast-onboarding.ts";
import { createOpenTimes } from "./open-times.ts";
import { orderByBreach, startByMs } from "./order-by-breach.ts";
import { simulateSchedule } from "./simulate-schedule.ts";
import type { SimulatedVm } from "./simulate-schedule.ts";
import { alwaysOpen } from "./work-calendar.ts";

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];
const fromMs = Date.parse("2026-03-25T00:00Z");
const slot: fc.Arbitrary<string> = fc.constantFrom("east", "vault", "premium", "unlimited");
const wanted = fc.array(fc.record({ needs: fc.uniqueArray(slot, { minLength: 1 }) }), { maxLength: 40 });
const capacity = fc.integer({ min: 0, max: 8 });
const capacities = fc
  .tuple(capacity, capacity, capacity)
  .map(([east, vault, premium]) => new Map(Object.entries({ east, vault, premium })));

test("no slot is given twice, nobody is lost, and nobody overtakes who needs the same", () => {
  fc.assert(
    fc.property(wanted, capacities, (ones, free) => {
      const { admitted, waiting } = admit(ones, free);
      expect(
        [...admitted, ...waiting.map(({ one }) => one)].toSorted((a, b) => ones.indexOf(a) - ones.indexOf(b)),
      ).toEqual(ones);
      for (const [name, slots] of free)
        expect(admitted.filter(({ needs }) => needs.includes(name)).length).toBeLessThanOrEqual(slots);
      for (const { one, forSlot } of waiting) expect(one.needs).toContain(forSlot);
      // Who waits keeps all of his slots from those behind him, not only the one that he waits for.
      for (const [i, one] of ones.entries()) {
        const before = (name: string): number => ones.slice(0, i).filter(({ needs }) => needs.includes(name)).length;
        const isFree = one.needs.every((name) => before(name) < (free.get(name) ?? Infinity));
        expect(admitted.includes(one)).toBe(isFree);
      }
    }),
  );
});

const scheduled = fc.record({
  newestDataAtMs: fc.option(fc.integer({ min: 0, max: 20 }).map((hours) => fromMs - hours * hourMs)),
  rpoMs: fc.constantFrom(hourMs, 4 * hourMs, dayMs),
  priority: fc.integer({ min: 1, max: 3 }),
  expectedMs: fc.constantFrom(0, 10 * minuteMs, hourMs),
  intervalMs: fc.constantFrom(hourMs, 4 * hourMs),
});

function makeVms(records: readonly Partial<SimulatedVm>[]): SimulatedVm[] {
  return records.map((record, i) => ({
    key: `east vm-${i}`,
    intervalMs: hourMs,
    rpoMs: 4 * hourMs,
    priority: 1,
    expectedMs: 5 * minuteMs,
    enrolledAtMs: fromMs,
    newestDataAtMs: null,
    lastStartedAtMs: null,
    failedInARow: 0,
    isRunning: false,
    needs: ["east"],
    open: createOpenTimes(alwaysOpen),
    firstMs: 20 * minuteMs,
    laterMs: 5 * minuteMs,
    ...record,
  }));
}

test("of promises that can be kept under one RPO the first to break goes first, whoever came first", () => {
  fc.assert(
    fc.property(fc.array(scheduled, { maxLength: 30 }), (records) => {
      const vms = makeVms(records);
      const ordered = orderByBreach(vms, fromMs);
      expect(orderByBreach(vms.toReversed(), fromMs)).toEqual(ordered);
      expect(new Set(ordered)).toEqual(new Set(vms));
      const kept = ordered.filter((vm) => vm.newestDataAtMs !== null && startByMs(vm) >= fromMs);
      for (const own of Map.groupBy(kept, ({ rpoMs }) => rpoMs).values())
        expect(own.map(startByMs)).toEqual(own.map(startByMs).toSorted((one, other) => one - other));
    }),
  );
});

test("with enough slots every VM has each of its turns and breaks no promise; with any number, no more than these run", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 50 }), (count, slots) => {
      const vms = makeVms(Array.from({ length: count }, () => ({})));
      const days = 2;
      const terms = { capacities: new Map([["east", slots]]), fromMs, toMs: fromMs + days * dayMs, lookMs: minuteMs };
      const { peaks, captureCount, breachedKeys, protectedCount } = simulateSchedule(vms, terms);
      expect(peaks.get("east")).toBeLessThanOrEqual(Math.min(slots, count));
      if (slots < count) return;
      expect(breachedKeys).toEqual([]);
      expect(protectedCount).toBe(count);
      // The first capture stands for the turns that it overlaps; the turn of the last minute may be ahead.
      expect(captureCount).toBeGreaterThanOrEqual(count * (days * 24 - 1));
    }),
    { numRuns: 30 },
  );
});

const newcomers = fc.array(
  fc.record({
    stampName: fc.constantFrom("east", "west"),
    priority: fc.integer({ min: 1, max: 3 }),
    readBytes: fc.integer({ min: 0, max: 200 }).map((gigabytes) => gigabytes * 1e9),
  }),
  { maxLength: 60 },
);
const limits = fc.record({
  slots: fc.integer({ min: 1, max: 8 }),
  captureRate: fc.constant(1e8),
  linkRate: fc.constantFrom(null, 25e6),
  storedRatio: fc.constant(0.5),
  maxVms: fc.integer({ min: 1, max: 20 }),
});

test("every new VM is in one wave, no wave is too large, and waves of a stamp begin in openings, one after the other", () => {
  // The clocks go forward in the night to the 29th: that window is an hour shorter.
  const open = createOpenTimes({
    timeZone: "Europe/Zagreb",
    windows: [{ days: [1, 2, 3, 4, 5, 6, 7], from: 22 * 60, to: 5 * 60 }],
    blackouts: [{ startMs: fromMs + dayMs, endMs: fromMs + 2 * dayMs, why: "the books are closed" }],
  });
  fc.assert(
    fc.property(newcomers, limits, (records, bounds) => {
      const fulls = records.map((record, i) => ({ ...record, vmKey: `vm-${i}` }));
      const waves = forecastOnboarding(fulls, { limits: bounds, open, nowMs: fromMs, maxWaveMs: 8 * hourMs });
      const placed = waves.flatMap(({ vmKeys }) => vmKeys);
      expect(placed.toSorted()).toEqual(fulls.map(({ vmKey }) => vmKey).toSorted());
      for (const own of Map.groupBy(waves, ({ stampName }) => stampName).values()) {
        let freeMs = fromMs;
        for (const { vmKeys, startMs, endMs, durationMs } of own) {
          expect(vmKeys.length).toBeLessThanOrEqual(bounds.maxVms);
          expect(startMs).toBeGreaterThanOrEqual(freeMs);
          expect(open.isOpen(startMs!)).toBe(true);
          // An instant has no room for fractions of a microsecond.
          expect(endMs! - startMs!).toBeGreaterThan(durationMs - 1);
          freeMs = endMs!;
        }
      }
    }),
  );
});
