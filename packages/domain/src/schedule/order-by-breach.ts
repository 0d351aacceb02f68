import type { ScheduledVm } from "./decide-due.ts";

/**
 * The last instant at which a capture may begin so that its point can be used before the loss exceeds the RPO. A VM that has
 * no point yet is reckoned from its enrolment.
 */
export function startByMs({ newestDataAtMs, enrolledAtMs, rpoMs, expectedMs }: ScheduledVm): number {
  return (newestDataAtMs ?? enrolledAtMs) + rpoMs - expectedMs;
}

/** Orders what is due: whose promise breaks first goes first; then by priority, then by key. Not by who came first. */
export function orderByBreach<V extends ScheduledVm>(due: readonly V[]): readonly V[] {
  return due.toSorted(
    (one, other) =>
      startByMs(one) - startByMs(other) || one.priority - other.priority || (one.key < other.key ? -1 : 1),
  );
}
