import { invariant } from "@holdfast/kernel";

/**
 * The longest that works in any order can take on so many slots, in milliseconds, when no slot idles while work waits
 * (Graham's bound). Never less than what really happens.
 */
export function boundParallel(durationsMs: readonly number[], slots: number): number {
  invariant(slots >= 1, "there is a slot");
  const sumMs = durationsMs.reduce((sum, one) => sum + one, 0);
  const longestMs = durationsMs.reduce((longest, one) => Math.max(longest, one), 0);
  return Math.min(sumMs, sumMs / slots + longestMs * (1 - 1 / slots));
}

/** The least that they can take in the best order: no work is cut, and no slot does more than its share. */
export function leastParallel(durationsMs: readonly number[], slots: number): number {
  invariant(slots >= 1, "there is a slot");
  const sumMs = durationsMs.reduce((sum, one) => sum + one, 0);
  return durationsMs.reduce((longest, one) => Math.max(longest, one), sumMs / slots);
}
