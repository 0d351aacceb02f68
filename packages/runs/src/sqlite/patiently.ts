import { HoldfastError } from "@holdfast/kernel";
import type { Clock } from "@holdfast/kernel";

/** A process that is paused within a transaction keeps the lock; more than this is no pause. */
const mostWaitMs = 30_000;
const betweenMs = 50;

/** Makes a call to the file of runs, again and again while another process has it locked. */
export async function patiently<T>(clock: Clock, work: () => T, signal?: AbortSignal): Promise<T> {
  const untilMs = clock.monotonicMs() + mostWaitMs;
  for (;;) {
    try {
      return work();
    } catch (error) {
      const isBusy = error instanceof HoldfastError && error.code === "runs.file.busy";
      if (!isBusy || clock.monotonicMs() >= untilMs) throw error;
    }
    await clock.sleep(betweenMs, signal === undefined ? {} : { signal });
  }
}
