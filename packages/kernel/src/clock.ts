export interface SleepOptions {
  readonly signal?: AbortSignal;
}

/**
 * The only source of time. Instants are UTC epoch milliseconds.
 *
 * Obligations: `monotonicMs` never goes back and is for durations; `now` may jump with the wall clock and is for
 * instants; `sleep` rejects with the signal's reason when aborted, and leaves no timer behind.
 */
export interface Clock {
  now(): number;
  monotonicMs(): number;
  sleep(durationMs: number, options?: SleepOptions): Promise<void>;
}

/** RFC 3339 in UTC with milliseconds: the form of every instant that leaves the program. */
export function formatInstant(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
