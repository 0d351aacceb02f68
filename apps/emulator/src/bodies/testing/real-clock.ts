import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@holdfast/kernel";

/** The time of the machine, for tests that wait for other processes. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (durationMs, options) => sleep(durationMs, undefined, options),
};

/** Waits until a claim about another process holds; the test's own time-out ends it. */
export async function until(claim: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await claim())) await sleep(20);
}
