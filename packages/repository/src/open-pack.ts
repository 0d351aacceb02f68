import { invariant, MiB } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";
import type { Sealed } from "./crypto/codec.ts";
import type { ChunkEntry } from "./format/chunk-entry.ts";
import { maxPackBytes, packMaxEntries, packTargetBytes } from "./format/limits.ts";
import { packFooter, packHeader } from "./format/pack.ts";
import { createSlots } from "./slots.ts";

/** What a writer takes at a time. */
export const maxBatchBytes = 4 * MiB;
/** A pack that is not full takes one batch more; the last MiB is for tags and the directory. */
const bufferBytes = packTargetBytes + maxBatchBytes + MiB;

/** A pack that is being filled. Its buffer travels with each batch that is sealed into it. */
export interface OpenPack {
  readonly packId: string;
  readonly entries: readonly ChunkEntry[];
  readonly buffer: Uint8Array;
  /** Where the next chunk goes. */
  readonly offset: number;
  take(sealed: Sealed): void;
}

export function startPack(random: Random, empty: Uint8Array): OpenPack {
  const packId = Buffer.from(random.bytes(16)).toString("hex");
  const header = packHeader(packId);
  const entries: ChunkEntry[] = [];
  let buffer = empty;
  let offset = header.length;
  buffer.set(header, 0);
  return {
    packId,
    entries,
    get buffer() {
      return buffer;
    },
    get offset() {
      return offset;
    },
    take(sealed) {
      buffer = sealed.pack;
      entries.push(...sealed.entries);
      for (const entry of sealed.entries) offset += entry.storedBytes;
    },
  };
}

export function isFull(pack: OpenPack): boolean {
  return pack.offset >= packTargetBytes || pack.entries.length >= packMaxEntries;
}

/** Ends a pack with its directory; answers a view of its buffer. */
export function packBytes(master: Uint8Array, pack: OpenPack): Uint8Array {
  const footer = packFooter(master, pack.packId, pack.entries);
  const length = pack.offset + footer.length;
  invariant(length <= Math.min(maxPackBytes, pack.buffer.length), "a pack is past its limit");
  pack.buffer.set(footer, pack.offset);
  return pack.buffer.subarray(0, length);
}

/** Buffers for packs, used again and again: fresh pages would cost more than the encryption. */
export function createPackBuffers(count: number) {
  const slots = createSlots<Uint8Array | null>(Array.from({ length: count }, () => null));
  return {
    take: async (): Promise<Uint8Array> => (await slots.take()) ?? new Uint8Array(bufferBytes),
    give: (buffer: Uint8Array): void => slots.give(buffer),
  };
}
