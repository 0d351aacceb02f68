// How long a simulated week of hourly captures takes to reckon, and whether it keeps its promises:
//   node bench/schedule-week.ts
// One full stamp (700 VMs), and 10 000 VMs on 15 stamps; every VM is settled, and each capture takes two minutes.
import { alwaysOpen, createOpenTimes, simulateSchedule } from "@holdfast/domain";
import type { SimulatedVm } from "@holdfast/domain";

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];
const fromMs = Date.UTC(2026, 5, 1);
/** 700 captures of two minutes an hour keep 23.3 slots at work. */
const slotsPerStamp = 30;

function makeVms(count: number, stampCount: number): SimulatedVm[] {
  const open = createOpenTimes(alwaysOpen);
  return Array.from({ length: count }, (_, i) => ({
    key: `stamp-${i % stampCount} vm-${i}`,
    intervalMs: hourMs,
    rpoMs: 2 * hourMs,
    priority: 1,
    expectedMs: 2 * minuteMs,
    enrolledAtMs: fromMs,
    newestDataAtMs: fromMs,
    lastStartedAtMs: fromMs,
    failedInARow: 0,
    isRunning: false,
    needs: [`stamp-${i % stampCount}`],
    open,
    firstMs: 20 * minuteMs,
    laterMs: 2 * minuteMs,
  }));
}

for (const [vmCount, stampCount] of [
  [700, 1],
  [10_000, 15],
] as const) {
  const capacities = new Map(Array.from({ length: stampCount }, (_, i) => [`stamp-${i}`, slotsPerStamp]));
  const startedMs = performance.now();
  const outcome = simulateSchedule(makeVms(vmCount, stampCount), {
    capacities,
    fromMs,
    toMs: fromMs + 7 * dayMs,
    lookMs: minuteMs,
  });
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(
    [
      `${vmCount} VMs on ${stampCount} stamps: a week in ${seconds.toFixed(1)} s`,
      `${outcome.captureCount} captures of ${vmCount * 7 * 24}`,
      `${outcome.breachedKeys.length} VMs over their RPO`,
      `at most ${Math.max(...outcome.peaks.values())} of ${slotsPerStamp} slots`,
      `longest wait ${outcome.longestWaitMs / minuteMs} min`,
    ].join(", "),
  );
}
