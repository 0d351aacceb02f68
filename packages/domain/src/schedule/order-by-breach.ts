import type { ScheduledVm } from "./decide-due.ts";
import { stableFraction } from "./spread.ts";

/** Part of the RPO by which a promise that can be kept goes ahead of its time: slots do not come free at the last minute. */
const marginOfRpo = 0.25;

/**
 * The last instant at which a capture may begin so that its point can be used before the loss exceeds the RPO. A VM that has
 * no point yet is reckoned from its enrolment.
 */
export function startByMs({ newestDataAtMs, enrolledAtMs, rpoMs, expectedMs }: ScheduledVm): number {
  return (newestDataAtMs ?? enrolledAtMs) + rpoMs - expectedMs;
}

/**
 * Orders what is due: whose promise breaks first goes first, then by priority, then by key. Not by who came first.
 *
 * A promise that is broken, or was never met, gets a new time within the next RPO, again and again: with too few slots it
 * would else make all others late as well, and behind all others it would never have its turn.
 */
export function orderByBreach<V extends ScheduledVm>(due: readonly V[], nowMs: number): readonly V[] {
  const urgency = new Map(due.map((vm) => [vm, urgencyMs(vm, nowMs)]));
  return due.toSorted(
    (one, other) =>
      urgency.get(one)! - urgency.get(other)! || one.priority - other.priority || (one.key < other.key ? -1 : 1),
  );
}

function urgencyMs(vm: ScheduledVm, nowMs: number): number {
  const lastMs = startByMs(vm);
  const marginMs = marginOfRpo * vm.rpoMs;
  if (vm.newestDataAtMs !== null && lastMs >= nowMs) return lastMs - marginMs;
  // A place of its own in the RPO, so that VMs that were enrolled together do not come together.
  const ownMs = lastMs + stableFraction(vm.key) * vm.rpoMs;
  return ownMs + Math.max(0, Math.ceil((nowMs - ownMs) / vm.rpoMs)) * vm.rpoMs - marginMs / 2;
}
