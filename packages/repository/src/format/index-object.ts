import { decodeEntries, encodeEntries, entryBytes } from "./chunk-entry.ts";
import type { ChunkEntry } from "./chunk-entry.ts";

export interface PackEntries {
  readonly packId: string;
  readonly entries: readonly ChunkEntry[];
}

/** Writes which chunks are in which packs, and which older index objects this one replaces. */
export function encodeIndex(packs: readonly PackEntries[], supersedes: readonly string[] = []): Buffer {
  const parts = [uint32(supersedes.length), ...supersedes.map((id) => Buffer.from(id, "hex")), uint32(packs.length)];
  for (const pack of packs)
    parts.push(Buffer.from(pack.packId, "hex"), uint32(pack.entries.length), encodeEntries(pack.entries));
  return Buffer.concat(parts);
}

/** Reads an index; raises RangeError where it is not one. */
export function decodeIndex(bytes: Buffer): { supersedes: string[]; packs: PackEntries[] } {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError("the index is cut off");
    at += length;
    return bytes.subarray(at - length, at);
  };
  const supersedes: string[] = [];
  for (let left = take(4).readUInt32BE(); left > 0; left -= 1) supersedes.push(take(16).toString("hex"));
  const packs: PackEntries[] = [];
  for (let left = take(4).readUInt32BE(); left > 0; left -= 1) {
    const packId = take(16).toString("hex");
    packs.push({ packId, entries: decodeEntries(take(take(4).readUInt32BE() * entryBytes)) });
  }
  if (at !== bytes.length) throw new RangeError("the index has bytes left over");
  return { supersedes, packs };
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
