import { admit } from "./admit.ts";
import type { SlotNeed } from "./admit.ts";
import { decideDue } from "./decide-due.ts";
import type { ScheduledVm } from "./decide-due.ts";
import type { OpenTimes } from "./open-times.ts";
import { orderByBreach } from "./order-by-breach.ts";

export interface SimulatedVm extends ScheduledVm, SlotNeed {
  readonly open: OpenTimes;
  /** How long its first capture takes, and each later one. Milliseconds. */
  readonly firstMs: number;
  readonly laterMs: number;
}

export interface SimulationTerms {
  readonly capacities: ReadonlyMap<string, number>;
  readonly fromMs: number;
  readonly toMs: number;
  /** How often the schedule looks. */
  readonly lookMs: number;
}

export interface ScheduleOutcome {
  readonly captureCount: number;
  /** The most that ran at a time, by slot. */
  readonly peaks: ReadonlyMap<string, number>;
  /** VMs that had a first point at the end. */
  readonly protectedCount: number;
  /** VMs with a point whose loss was above the RPO at some time after the first point. */
  readonly breachedKeys: readonly string[];
  /** The longest that something that was due had to wait for a slot. */
  readonly longestWaitMs: number;
}

interface Live {
  vm: SimulatedVm;
  nextLookMs: number;
  dueSinceMs: number | null;
  endsAtMs: number | null;
}

/** Plays a schedule through, without any failure: whether its slots are enough, and which promises it would break. */
export function simulateSchedule(vms: readonly SimulatedVm[], terms: SimulationTerms): ScheduleOutcome {
  const lives: Live[] = vms.map((vm) => ({ vm, nextLookMs: terms.fromMs, dueSinceMs: null, endsAtMs: null }));
  const free = new Map(terms.capacities);
  const peaks = new Map([...terms.capacities.keys()].map((name) => [name, 0]));
  const breached = new Set<string>();
  let captureCount = 0;
  let longestWaitMs = 0;
  const running = new Set<Live>();
  for (let nowMs = terms.fromMs; nowMs < terms.toMs; nowMs += terms.lookMs) {
    for (const live of running) if (finish(live, nowMs, free, breached)) running.delete(live);
    const due = lives.filter((live) => isDue(live, nowMs));
    const liveOf = new Map(due.map((live) => [live.vm, live]));
    const { admitted } = admit(orderByBreach([...liveOf.keys()], nowMs), free);
    for (const vm of admitted) {
      const live = liveOf.get(vm)!;
      longestWaitMs = Math.max(longestWaitMs, nowMs - live.dueSinceMs!);
      begin(live, nowMs, free);
      running.add(live);
      captureCount += 1;
    }
    for (const [name, most] of peaks) peaks.set(name, Math.max(most, terms.capacities.get(name)! - free.get(name)!));
  }
  for (const { vm } of lives)
    if (vm.newestDataAtMs !== null && terms.toMs - vm.newestDataAtMs > vm.rpoMs) breached.add(vm.key);
  const protectedCount = lives.filter(({ vm }) => vm.newestDataAtMs !== null).length;
  return { captureCount, peaks, protectedCount, breachedKeys: [...breached], longestWaitMs };
}

function isDue(live: Live, nowMs: number): boolean {
  if (live.endsAtMs !== null || nowMs < live.nextLookMs) return false;
  const due = decideDue(live.vm, live.vm.open, nowMs);
  if (!due.isDue) {
    live.nextLookMs = due.nextMs ?? Infinity;
    live.dueSinceMs = null;
    return false;
  }
  live.dueSinceMs ??= nowMs;
  return true;
}

function begin(live: Live, nowMs: number, free: Map<string, number>): void {
  const { vm } = live;
  live.endsAtMs = nowMs + (vm.newestDataAtMs === null ? vm.firstMs : vm.laterMs);
  live.vm = { ...vm, lastStartedAtMs: nowMs };
  live.dueSinceMs = null;
  for (const name of vm.needs) if (free.has(name)) free.set(name, free.get(name)! - 1);
}

function finish(live: Live, nowMs: number, free: Map<string, number>, breached: Set<string>): boolean {
  const { vm, endsAtMs } = live;
  if (endsAtMs === null || endsAtMs > nowMs) return false;
  if (vm.newestDataAtMs !== null && endsAtMs - vm.newestDataAtMs > vm.rpoMs) breached.add(vm.key);
  live.vm = { ...vm, newestDataAtMs: vm.lastStartedAtMs };
  live.endsAtMs = null;
  live.nextLookMs = nowMs;
  for (const name of vm.needs) if (free.has(name)) free.set(name, free.get(name)! + 1);
  return true;
}
