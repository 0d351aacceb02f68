import { WriteGate } from "./write-gate.ts";
import type { Sleeper } from "./system-sleeper.ts";

/** The gate of each volume: the same one for its guest and for who freezes it, whether a guest runs or not. */
export class WriteGates {
  readonly #clock: Sleeper;
  readonly #gates = new Map<string, WriteGate>();

  constructor(clock: Sleeper) {
    this.#clock = clock;
  }

  of(volumeId: string): WriteGate {
    const known = this.#gates.get(volumeId);
    if (known !== undefined) return known;
    const gate = new WriteGate(this.#clock);
    this.#gates.set(volumeId, gate);
    return gate;
  }
}
