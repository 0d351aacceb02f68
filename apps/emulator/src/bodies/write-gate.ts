import type { Sleeper } from "./system-sleeper.ts";

/**
 * Lets guest writes through, or holds them while a volume is frozen. Writes that passed are finished before `freeze`
 * runs; later ones wait and then run in the order they came. Barriers follow each other.
 */
export class WriteGate {
  readonly #clock: Sleeper;
  #underWay = 0;
  #drained: (() => void) | undefined;
  /** Settles when the last barrier asked for so far is over. Undefined: the gate is open. */
  #barrier: Promise<void> | undefined;

  constructor(clock: Sleeper) {
    this.#clock = clock;
  }

  async pass<T>(work: () => Promise<T>): Promise<T> {
    while (this.#barrier !== undefined) await this.#barrier;
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#drained?.();
    }
  }

  /** Runs `freeze` with no write under way; holds writes for `stallMs` more, whether or not it fails. */
  async hold<T>(freeze: () => Promise<T>, stallMs = 0): Promise<T> {
    const before = this.#barrier;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#barrier = promise;
    try {
      await before;
      if (this.#underWay > 0) {
        const drained = Promise.withResolvers<void>();
        this.#drained = drained.resolve;
        await drained.promise;
        this.#drained = undefined;
      }
      return await freeze();
    } finally {
      if (stallMs > 0) await this.#clock.sleep(stallMs);
      if (this.#barrier === promise) this.#barrier = undefined;
      resolve();
    }
  }
}
