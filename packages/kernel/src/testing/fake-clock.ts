import type { Clock, SleepOptions } from "../clock.ts";

interface Sleeper {
  readonly wakeAtMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until `advance`; sleepers wake in the order of their time. */
export class FakeClock implements Clock {
  #nowMs: number;
  #sleepers: Sleeper[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  sleep(durationMs: number, options: SleepOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      if (signal?.aborted === true) return reject(signal.reason);
      const sleeper = { wakeAtMs: this.#nowMs + durationMs, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal.reason);
      });
    });
  }

  /** How many sleepers wait: tests use it to see that nothing was left behind. */
  get sleeperCount(): number {
    return this.#sleepers.length;
  }

  /** Moves time on, waking sleepers one by one and letting what they start run in between. */
  async advance(durationMs: number): Promise<void> {
    const target = this.#nowMs + durationMs;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.#sleepers.filter((s) => s.wakeAtMs <= target).sort((a, b) => a.wakeAtMs - b.wakeAtMs)[0];
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.wakeAtMs);
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      next.wake();
    }
    this.#nowMs = target;
  }
}

/** A clock whose sleeps end at once, moving its time on: for code that only waits between tries. */
export class SkippingClock extends FakeClock {
  #skippedMs = 0;
  readonly sleptMs: number[] = [];

  override now(): number {
    return super.now() + this.#skippedMs;
  }

  override monotonicMs(): number {
    return super.monotonicMs() + this.#skippedMs;
  }

  override async sleep(durationMs: number, options: SleepOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    this.sleptMs.push(durationMs);
    this.#skippedMs += durationMs;
  }
}
