import { invariant } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";
import type { ChunkEntry } from "./format/chunk-entry.ts";
import { maxPackBytes, packMaxEntries, packTargetBytes } from "./format/limits.ts";
import { packFooter, packHeader } from "./format/pack.ts";

/** A pack that is being filled in the memory of a slot. */
export interface OpenPack {
  readonly packId: string;
  readonly entries: readonly ChunkEntry[];
  readonly buffer: Uint8Array;
  /** Where the next chunk goes. */
  readonly offset: number;
  take(sealed: readonly ChunkEntry[]): void;
}

export function startPack(random: Random, buffer: Uint8Array): OpenPack {
  const packId = Buffer.from(random.bytes(16)).toString("hex");
  const header = packHeader(packId);
  const entries: ChunkEntry[] = [];
  let offset = header.length;
  buffer.set(header, 0);
  return {
    packId,
    entries,
    buffer,
    get offset() {
      return offset;
    },
    take(sealed) {
      entries.push(...sealed);
      for (const entry of sealed) offset += entry.storedBytes;
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
