import { chunkSizeBytes, maxPackBytes } from "./limits.ts";

export type ChunkKind = "data" | "node";

/** Where a chunk's sealed bytes are in a pack, and how to open them. */
export interface ChunkEntry {
  readonly id: string;
  readonly offset: number;
  readonly storedBytes: number;
  readonly plainBytes: number;
  readonly isCompressed: boolean;
  readonly kind: ChunkKind;
  /** The number of the chunk in its pack: its nonce. */
  readonly ordinal: number;
}

export const entryBytes = 46;

/** Writes the entries of one pack in the order of their ordinals. */
export function encodeEntries(entries: readonly ChunkEntry[]): Buffer {
  const bytes = Buffer.alloc(entries.length * entryBytes);
  for (const [i, entry] of entries.entries()) {
    const at = i * entryBytes;
    bytes.write(entry.id, at, "hex");
    bytes.writeUInt32BE(entry.offset, at + 32);
    bytes.writeUInt32BE(entry.storedBytes, at + 36);
    bytes.writeUInt32BE(entry.plainBytes, at + 40);
    bytes.writeUInt8(entry.isCompressed ? 1 : 0, at + 44);
    bytes.writeUInt8(entry.kind === "node" ? 1 : 0, at + 45);
  }
  return bytes;
}

/** Reads entries; raises RangeError where one breaks a limit of the format. */
export function decodeEntries(bytes: Buffer): ChunkEntry[] {
  if (bytes.length % entryBytes !== 0) throw new RangeError("entries are cut off");
  return Array.from({ length: bytes.length / entryBytes }, (_, ordinal) => {
    const at = ordinal * entryBytes;
    const offset = bytes.readUInt32BE(at + 32);
    const storedBytes = bytes.readUInt32BE(at + 36);
    const plainBytes = bytes.readUInt32BE(at + 40);
    if (offset + storedBytes > maxPackBytes || plainBytes > chunkSizeBytes || plainBytes === 0)
      throw new RangeError("an entry is past its limits");
    const isCompressed = bytes.readUInt8(at + 44) === 1;
    const kind = bytes.readUInt8(at + 45) === 1 ? "node" : "data";
    return { id: bytes.toString("hex", at, at + 32), offset, storedBytes, plainBytes, isCompressed, kind, ordinal };
  });
}
