import type { ChunkEntry } from "../format/chunk-entry.ts";

/** Bytes of a record: id (32), number of the pack, offset, stored length, plain length with two flags, ordinal. */
export const recordBytes = 50;

const compressedFlag = 0x4000_0000;
const nodeFlag = 0x8000_0000;
const plainMask = 0x3fff_ffff;

/** Writes where a chunk is, with its pack by number, at an offset of a buffer. Big-endian, so that records sort as bytes. */
export function writeRecord(target: Buffer, at: number, entry: ChunkEntry, packNumber: number): void {
  target.write(entry.id, at, "hex");
  target.writeUInt32BE(packNumber, at + 32);
  target.writeUInt32BE(entry.offset, at + 36);
  target.writeUInt32BE(entry.storedBytes, at + 40);
  const flags = (entry.isCompressed ? compressedFlag : 0) + (entry.kind === "node" ? nodeFlag : 0);
  target.writeUInt32BE(entry.plainBytes + flags, at + 44);
  target.writeUInt16BE(entry.ordinal, at + 48);
}

export function readRecord(source: Buffer, at: number): { readonly entry: ChunkEntry; readonly packNumber: number } {
  const plain = source.readUInt32BE(at + 44);
  return {
    packNumber: source.readUInt32BE(at + 32),
    entry: {
      id: source.toString("hex", at, at + 32),
      offset: source.readUInt32BE(at + 36),
      storedBytes: source.readUInt32BE(at + 40),
      plainBytes: plain & plainMask,
      isCompressed: (plain & compressedFlag) !== 0,
      kind: (plain & nodeFlag) === 0 ? "data" : "node",
      ordinal: source.readUInt16BE(at + 48),
    },
  };
}
