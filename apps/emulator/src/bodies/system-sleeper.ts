import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@holdfast/kernel";

/** All that bodies want of a clock: to wait. */
export type Sleeper = Pick<Clock, "sleep">;

/** Waits in the time of the machine. */
export const systemSleeper: Sleeper = {
  sleep: (durationMs, options) => sleep(durationMs, undefined, options),
};
