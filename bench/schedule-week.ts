// Plays a week of hourly captures through the schedule, with a clock that does not wait:
//   node bench/schedule-week.ts
// One full stamp of 700 VMs, and 15 stamps of 10 000 VMs together. Captures never fail here: it is the schedule that is tried.
import { createOpenTimes, simulateSchedule } from "@holdfast/domain";
import type { SimulatedVm } from "@holdfast/domain";

const [minuteMs, hourMs] = [60_000, 3_600_000];
const weekMs = 7 * 24 * hourMs;
const fromMs = Date.UTC(2026, 5, 1);
const captureMs = 2 * minuteMs;
/** What arithmetic asks for, and a fifth more: turns are spread evenly, but not perfectly. */
const spare = 1.2;

function vmsOf(stampCount: number, vmCount: number): SimulatedVm[] {
  const open = createOpenTimes({ timeZone: "Europe/Zagreb", windows: [], blackouts: [] });
  return Array.from({ length: vmCount }, (_, i) => {
    const stamp = `stamp-${i % stampCount}`;
    return {
      key: `${stamp} /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm-${i}`,
      intervalMs: hourMs,
      rpoMs: 2 * hourMs,
      priority: 1 + (i % 3),
      expectedMs: captureMs,
      enrolledAtMs: fromMs,
      newestDataAtMs: null,
      lastStartedAtMs: null,
      failedInARow: 0,
      isRunning: false,
      needs: [stamp],
      open,
      firstMs: 20 * minuteMs,
      laterMs: captureMs,
    };
  });
}

for (const [stampCount, vmCount] of [
  [1, 700],
  [15, 10_000],
] as const) {
  const vms = vmsOf(stampCount, vmCount);
  const slots = Math.ceil(((vmCount / stampCount) * captureMs * spare) / hourMs);
  const capacities = new Map(Array.from({ length: stampCount }, (_, i) => [`stamp-${i}`, slots] as const));
  const startedMs = performance.now();
  const outcome = simulateSchedule(vms, { capacities, fromMs, toMs: fromMs + weekMs, lookMs: minuteMs });
  const tookSeconds = (performance.now() - startedMs) / 1000;
  const { captureCount, protectedCount, breachedKeys, longestWaitMs, peaks } = outcome;
  console.log(
    `${vmCount} VMs on ${stampCount} stamps, ${slots} slots each: ${captureCount} captures in a week, ${protectedCount} VMs protected, ` +
      `${breachedKeys.length} promises broken after the first point, longest wait ${Math.round(longestWaitMs / minuteMs)} min, ` +
      `at most ${Math.max(...peaks.values())} at a time on a stamp; played in ${tookSeconds.toFixed(1)} s`,
  );
}
