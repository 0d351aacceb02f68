import type { Clock, SleepOptions } from "@holdfast/kernel";

interface Sleeper {
  readonly wakeAtMs: number;
  readonly wake: () => void;
}

/** Turns of the event loop that work gets at each instant: more than any chain of an engine between two sleeps. */
const turnsPerInstant = 12;

/**
 * A clock that stands still until `advance`, and goes on only when all that was awakened has had many turns: engines are
 * never late in simulated time, so that years of it pass in seconds with exact results.
 */
export class SimulatedClock implements Clock {
  #nowMs: number;
  #jumpedMs = 0;
  readonly #sleepers = new Set<Sleeper>();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs - this.#jumpedMs;
  }

  sleep(durationMs: number, { signal }: SleepOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const stop = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const wake = (): void => {
        signal?.removeEventListener("abort", stop);
        resolve();
      };
      const sleeper: Sleeper = { wakeAtMs: this.#nowMs + durationMs, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", stop, { once: true });
    });
  }

  get sleeperCount(): number {
    return this.#sleepers.size;
  }

  async advance(durationMs: number): Promise<void> {
    const target = this.#nowMs + durationMs;
    for (;;) {
      for (let turn = 0; turn < turnsPerInstant; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      let next: Sleeper | undefined;
      for (const sleeper of this.#sleepers) if (next === undefined || sleeper.wakeAtMs < next.wakeAtMs) next = sleeper;
      if (next === undefined || next.wakeAtMs > target) break;
      this.#nowMs = Math.max(this.#nowMs, next.wakeAtMs);
      for (const sleeper of this.#sleepers) {
        if (sleeper.wakeAtMs > this.#nowMs) continue;
        this.#sleepers.delete(sleeper);
        sleeper.wake();
      }
    }
    this.#nowMs = target;
  }

  /** Sets the wall clock, as a person or a time server does. Sleepers keep their length. */
  jump(byMs: number): void {
    this.#nowMs += byMs;
    this.#jumpedMs += byMs;
    const moved = [...this.#sleepers].map((sleeper) => ({ ...sleeper, wakeAtMs: sleeper.wakeAtMs + byMs, sleeper }));
    for (const { sleeper, wakeAtMs } of moved) Object.assign(sleeper, { wakeAtMs });
  }
}
