import { describe, expect, test } from "vitest";
import { forecastOnboarding } from "./forecast-onboarding.ts";
import { createOpenTimes } from "./open-times.ts";
import { simulateSchedule } from "./simulate-schedule.ts";
import type { SimulatedVm } from "./simulate-schedule.ts";
import { alwaysOpen } from "./work-calendar.ts";
import type { WorkCalendar } from "./work-calendar.ts";

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];
const fromMs = Date.parse("2026-06-01T00:00Z");
const nights: WorkCalendar = {
  timeZone: "Europe/Zagreb",
  windows: [{ days: [1, 2, 3, 4, 5, 6, 7], from: 22 * 60, to: 6 * 60 }],
  blackouts: [],
};

function vms(count: number, calendar: WorkCalendar, change: Partial<SimulatedVm> = {}): SimulatedVm[] {
  const open = createOpenTimes(calendar);
  return Array.from({ length: count }, (_, i) => ({
    key: `east vm-${i}`,
    intervalMs: hourMs,
    rpoMs: 2 * hourMs,
    priority: 1,
    expectedMs: 2 * minuteMs,
    enrolledAtMs: fromMs,
    newestDataAtMs: null,
    lastStartedAtMs: null,
    failedInARow: 0,
    isRunning: false,
    needs: ["east"],
    open,
    firstMs: 20 * minuteMs,
    laterMs: 2 * minuteMs,
    ...change,
  }));
}

describe("simulateSchedule", () => {
  test("a thousand new VMs never start at once, and all are protected in the end", () => {
    const terms = { capacities: new Map([["east", 40]]), fromMs, toMs: fromMs + dayMs, lookMs: minuteMs };
    const { peaks, protectedCount, captureCount } = simulateSchedule(vms(1000, alwaysOpen), terms);
    expect(peaks.get("east")).toBe(40);
    expect(protectedCount).toBe(1000);
    expect(captureCount).toBeGreaterThan(10_000);
  });

  test("a full stamp keeps hourly turns of 700 VMs for two days with the slots that arithmetic asks for, and not with fewer", () => {
    const settled = { newestDataAtMs: fromMs, lastStartedAtMs: fromMs };
    const run = (slots: number) =>
      simulateSchedule(vms(700, alwaysOpen, settled), {
        capacities: new Map([["east", slots]]),
        fromMs,
        toMs: fromMs + 2 * dayMs,
        lookMs: minuteMs,
      });
    // 700 captures of 2 minutes an hour keep 23.3 slots at work.
    expect(run(30).breachedKeys).toEqual([]);
    // The turns of the last minute are not looked at any more.
    expect(run(30).captureCount).toBeGreaterThan(700 * 48 - 50);
    // Eight slots make 480 captures in an RPO: not all promises can be kept, and yet nobody waits for ever.
    const few = run(8);
    expect(few.breachedKeys.length).toBeGreaterThanOrEqual(220);
    expect(few.longestWaitMs).toBeLessThan(3 * hourMs);
  });

  test("new VMs break no promise of others, and are all protected where the slots are enough", () => {
    const terms = { capacities: new Map([["east", 28]]), fromMs, toMs: fromMs + dayMs, lookMs: minuteMs };
    const { protectedCount, breachedKeys } = simulateSchedule(vms(700, alwaysOpen), terms);
    expect([protectedCount, breachedKeys]).toEqual([700, []]);
  });

  test("a daily turn in a window of eight hours is spread over it", () => {
    // It begins at noon, after a night in which all had their turn.
    const noonMs = fromMs + 12 * hourMs;
    const terms = { capacities: new Map([["east", 700]]), fromMs: noonMs, toMs: noonMs + 3 * dayMs, lookMs: minuteMs };
    const lastNight = { newestDataAtMs: noonMs - 8 * hourMs, lastStartedAtMs: noonMs - 8 * hourMs };
    const daily = { intervalMs: dayMs, rpoMs: 2 * dayMs, ...lastNight };
    const { peaks, breachedKeys } = simulateSchedule(vms(700, nights, daily), terms);
    expect(breachedKeys).toEqual([]);
    // 700 captures of 2 minutes over 478 minutes are three at a time on average.
    expect(peaks.get("east")).toBeLessThan(15);
  });
});

describe("forecastOnboarding", () => {
  const limits = { slots: 4, captureRate: 100e6, linkRate: null, storedRatio: 0.5, maxVms: 50 };
  const newcomers = (count: number, stampName: string) =>
    Array.from({ length: count }, (_, i) => ({
      stampName,
      vmKey: `${stampName} vm-${i}`,
      readBytes: 360e9,
      priority: 1,
    }));

  test("waves follow each other in openings only, and stamps go side by side", () => {
    const open = createOpenTimes(nights);
    const waves = forecastOnboarding([...newcomers(40, "east"), ...newcomers(8, "west")], {
      limits,
      open,
      nowMs: fromMs,
      maxWaveMs: dayMs,
    });
    expect(waves.map(({ stampName, number, vmKeys }) => `${stampName} ${number}: ${vmKeys.length}`)).toEqual([
      // 8 hours of 4 slots take 32 captures of an hour, but 4 hours of the first night are over.
      "east 1: 16",
      "east 2: 16",
      "east 3: 8",
      "west 1: 8",
    ]);
    for (const { startMs, endMs } of waves) expect(open.isOpen(startMs!) && open.isOpen(endMs! - 1)).toBe(true);
    expect(waves[1]!.startMs).toBeGreaterThanOrEqual(waves[0]!.endMs!);
  });

  test("a wave longer than its window goes on in the next", () => {
    const open = createOpenTimes(nights);
    const huge = [{ stampName: "east", vmKey: "east huge", readBytes: 3600e9, priority: 1 }];
    const [wave] = forecastOnboarding(huge, { limits, open, nowMs: fromMs, maxWaveMs: dayMs });
    expect(wave).toMatchObject({ isLongerThanWindow: true, durationMs: 10 * hourMs, startMs: fromMs });
    // Four hours of this night and six of the next.
    expect(new Date(wave!.endMs!).toISOString()).toBe("2026-06-02T02:00:00.000Z");
  });

  test("where work may never begin, no wave has a time", () => {
    const open = createOpenTimes({ ...alwaysOpen, blackouts: [{ startMs: 0, endMs: 9e12, why: "retired" }] });
    const [wave] = forecastOnboarding(newcomers(1, "east"), { limits, open, nowMs: fromMs, maxWaveMs: dayMs });
    expect(wave).toMatchObject({ startMs: null, endMs: null });
  });
});
