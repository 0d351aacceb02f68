import fc from "fast-check";
import { expect, test } from "vitest";
import { decideDue } from "./decide-due.ts";
import type { ScheduledVm } from "./decide-due.ts";
import { createOpenTimes } from "./open-times.ts";
import { latestTurn, stableFraction } from "./spread.ts";
import type { Weekday, WorkCalendar } from "./work-calendar.ts";

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];
const fromMs = Date.parse("2026-01-01T00:00Z");
const instant = fc.integer({ min: 0, max: 365 * 24 * 60 }).map((minutes) => fromMs + minutes * minuteMs);
const weekday = fc.integer({ min: 1, max: 7 }) as fc.Arbitrary<Weekday>;

const calendar: fc.Arbitrary<WorkCalendar> = fc.record({
  timeZone: fc.constantFrom("UTC", "Europe/Zagreb", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"),
  windows: fc.array(
    fc.record({
      days: fc.uniqueArray(weekday, { minLength: 1 }),
      from: fc.integer({ min: 0, max: 1439 }),
      to: fc.integer({ min: 0, max: 1439 }),
    }),
    { maxLength: 3 },
  ),
  blackouts: fc.array(
    fc
      .tuple(instant, fc.integer({ min: 1, max: 40 * 24 }))
      .map(([startMs, hours]) => ({ startMs, endMs: startMs + hours * hourMs, why: "freeze" })),
    { maxLength: 2 },
  ),
});

const vm: fc.Arbitrary<ScheduledVm> = fc.record({
  key: fc.string({ minLength: 1, maxLength: 12 }),
  intervalMs: fc.constantFrom(15 * minuteMs, hourMs, 4 * hourMs, dayMs, 7 * dayMs),
  rpoMs: fc.constant(dayMs),
  priority: fc.constant(1),
  expectedMs: fc.constantFrom(0, 10 * minuteMs, 3 * hourMs),
  enrolledAtMs: instant,
  newestDataAtMs: fc.constant(null),
  lastStartedAtMs: fc.option(instant),
  failedInARow: fc.integer({ min: 0, max: 3 }),
  isRunning: fc.constant(false),
});

test("nothing is due while work may not begin, and whoever waits until he is told to is due then", () => {
  fc.assert(
    fc.property(calendar, vm, instant, (rules, one, nowMs) => {
      const open = createOpenTimes(rules);
      const due = decideDue(one, open, nowMs);
      if (due.isDue) {
        expect(open.isOpen(nowMs)).toBe(true);
        return;
      }
      if (due.nextMs === null) return;
      expect(due.nextMs).toBeGreaterThan(nowMs);
      // A later turn may have come meanwhile, whose place is later; but never more than two openings are let pass.
      let then = decideDue(one, open, due.nextMs);
      for (let i = 0; i < 2 && !then.isDue && then.nextMs !== null; i += 1) then = decideDue(one, open, then.nextMs);
      expect(then).toMatchObject({ isDue: true });
    }),
    { numRuns: 300 },
  );
});

test("where work may always begin, captures come one interval apart, each in its own turn", () => {
  const open = createOpenTimes({ timeZone: "UTC", windows: [], blackouts: [] });
  fc.assert(
    fc.property(vm, instant, (one, beginMs) => {
      let lastStartedAtMs = beginMs;
      for (let i = 0; i < 5; i += 1) {
        const due = decideDue({ ...one, failedInARow: 0, lastStartedAtMs }, open, lastStartedAtMs);
        const nextMs = due.isDue ? Number.NaN : due.nextMs!;
        expect(nextMs).toBe(latestTurn(one.key, one.intervalMs, nextMs));
        if (i > 0) expect(nextMs - lastStartedAtMs).toBe(one.intervalMs);
        lastStartedAtMs = nextMs;
      }
    }),
  );
});

test("open spans are apart, in order, within what was asked, and agree with isOpen, next and around", () => {
  fc.assert(
    fc.property(calendar, instant, fc.integer({ min: 1, max: 10 * 24 * 60 }), (rules, startMs, minutes) => {
      const open = createOpenTimes(rules);
      const endMs = startMs + minutes * minuteMs;
      let doneMs = startMs - 1;
      for (const { start, end } of open.list(startMs, endMs)) {
        expect(start).toBeGreaterThan(doneMs);
        expect(end).toBeGreaterThan(start);
        expect(end).toBeLessThanOrEqual(endMs);
        expect(open.isOpen(start) && open.isOpen(end - 1)).toBe(true);
        expect(open.next(start)!.start).toBe(start);
        const whole = open.around(start)!;
        expect(whole.start <= start && whole.end >= end).toBe(true);
        doneMs = end;
      }
      const isOpen = open.isOpen(startMs);
      expect(open.around(startMs) !== null).toBe(isOpen);
      expect(open.next(startMs)?.start === startMs).toBe(isOpen);
    }),
    { numRuns: 200 },
  );
});

test("keys are spread evenly over an interval", () => {
  const buckets = Array.from({ length: 24 }, () => 0);
  for (let i = 0; i < 24_000; i += 1) buckets[Math.floor(stableFraction(`east /vms/web-${i}`) * 24)]! += 1;
  // A fair draw leaves 1000 ± 31 in each: five deviations.
  for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(160);
});
