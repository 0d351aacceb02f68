import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "@holdfast/kernel";

/** The machine's time. A bench whose clock did not wait would let every writer beat without a pause. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (durationMs, { signal } = {}) => {
    await wait(durationMs, undefined, signal === undefined ? {} : { signal });
  },
};
