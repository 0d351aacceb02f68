import type { Clock } from "@holdfast/kernel";
import { WriteGate } from "./write-gate.ts";

/** The gate of each volume: the same one for its guest and for who freezes it, whether a guest runs or not. */
export class WriteGates {
  readonly #clock: Clock;
  readonly #gates = new Map<string, WriteGate>();

  constructor(clock: Clock) {
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
