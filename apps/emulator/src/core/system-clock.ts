import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "@holdfast/kernel";

/** The emulator's source of time: UTC epoch milliseconds. Each stamp may run ahead or behind by an injected skew. */
export interface EmulatorClock {
  now(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (durationMs, options = {}) => {
    await wait(durationMs, undefined, options.signal === undefined ? {} : { signal: options.signal });
  },
};
