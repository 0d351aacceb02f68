import { randomBytes, randomUUID } from "node:crypto";
import type { Random } from "@holdfast/kernel";

/** Randomness of the operating system. */
export function createSystemRandom(): Random {
  return {
    bytes: (length) => new Uint8Array(randomBytes(length)),
    uuid: () => randomUUID(),
    fraction: () => Math.random(),
  };
}
