import { createSharedBuffers, createSlots, KiB, MiB } from "@holdfast/kernel";
import type { Slots } from "@holdfast/kernel";
import { chunkSizeBytes, maxBatchBytes, packTargetBytes } from "./format/limits.ts";

/** Batches of a disk in memory at a time: enough for four threads and for reads of a network ahead of them. */
export const batchCount = 8;
/** Single chunks in memory at a time, read apart from others: so many calls hide the latency of a network. */
const pieceCount = 32;
/** Runs of sealed chunks in memory at a time. */
export const sealedRunCount = 12;
/** Packs that may be on their way to the store while others fill: memory against waiting for the store. */
const packsOnTheWay = 2;

/** A batch, and the tags of its chunks where it is sealed. */
export const batchSlotBytes = maxBatchBytes + 64 * KiB;
/** A pack that is not full takes one batch more; the last MiB is for tags and the directory. */
const packSlotBytes = packTargetBytes + maxBatchBytes + MiB;

/**
 * The memory that data passes through, all of it: shared between threads, aligned to pages, used again and again. Fresh
 * pages would cost more than the encryption, and a collector would give them back late. Whoever takes a slot gives it
 * back; the system hands out the pages of a slot when it is used first.
 */
export interface ReadMemory {
  /** Plain bytes. Taken before a sealed run, never after: so nobody waits in a circle. */
  readonly batches: Slots<Uint8Array>;
  readonly sealedRuns: Slots<Uint8Array>;
}

/** The memory of one capture. Another has its own: each holds packs that are not full, and would starve the other. */
export interface WriteMemory {
  readonly batches: Slots<Uint8Array>;
  /** Room for one chunk each. */
  readonly pieces: Slots<Uint8Array>;
  readonly packs: Slots<Uint8Array>;
}

export function createReadMemory(): ReadMemory {
  return {
    batches: sharedSlots(batchCount, batchSlotBytes),
    sealedRuns: sharedSlots(sealedRunCount, batchSlotBytes),
  };
}

export function createWriteMemory(threads: number): WriteMemory {
  return {
    batches: sharedSlots(batchCount, batchSlotBytes),
    pieces: sharedSlots(pieceCount, chunkSizeBytes),
    packs: sharedSlots(threads + packsOnTheWay, packSlotBytes),
  };
}

function sharedSlots(count: number, slotBytes: number): Slots<Uint8Array> {
  return createSlots(createSharedBuffers(count, slotBytes));
}
