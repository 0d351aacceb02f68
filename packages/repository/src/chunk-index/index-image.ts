import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { invariant, MiB } from "@holdfast/kernel";
import { deriveKey, counterNonce, tagBytes, unseal } from "../crypto/sealing.ts";
import type { ChunkPlace } from "./chunk-table.ts";
import { createIdFilter } from "./id-filter.ts";
import { readRecord, recordBytes } from "./index-record.ts";

export const imageMagic = "HFIMG001";
/** Records of a block: what one look-up reads. */
export const blockRecords = 256;
export const blockBytes = blockRecords * recordBytes + tagBytes;
/** What the tables behind the blocks are cut to, so that none needs one piece of memory to open. */
export const pieceBytes = MiB;
/** magic, salt */
export const imageHeaderBytes = 24;
/** Bytes of a fence: the first six of the id that begins a block, as a number. */
export const fenceBytes = 6;
/** Blocks kept open: look-ups in the order of a disk find no order here, so many would not help. */
const keptBlocks = 16;

export interface ImageKeys {
  readonly repositoryId: string;
  readonly master: Uint8Array;
}

/** What the end of an image says of the rest. */
export interface ImageTrailer {
  readonly repositoryId: string;
  /** Names of the index objects whose packs are in the image. */
  readonly covers: readonly string[];
  readonly recordCount: number;
  readonly packCount: number;
  readonly filterBytes: number;
}

/** The chunks of many packs, sorted by id in a local file, of which only a filter and fences are in memory. */
export interface IndexImage extends Disposable {
  readonly covers: readonly string[];
  readonly recordCount: number;
  /** Every copy of a chunk. */
  findAll(id: string): ChunkPlace[];
  readonly packCount: number;
  packId(packNumber: number): string;
  /** All records in order, in pieces of whole ones. */
  records(): Generator<Buffer>;
}

/** Answers how the n-th sealed piece of an image is sealed. */
export function imageSealing(key: Uint8Array, piece: number) {
  return { key, nonce: counterNonce(piece), context: Buffer.from(`holdfast/1/index-image/${piece}`) };
}

export function imageKey({ master }: ImageKeys, salt: Uint8Array): Uint8Array {
  return deriveKey(master, salt, "holdfast/1/index-image");
}

/** Opens an image; raises RangeError where it is not one of this repository, whole and unchanged. */
export function openIndexImage(path: string, keys: ImageKeys): IndexImage {
  const file = openSync(path, "r");
  try {
    return openParts(file, keys);
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function openParts(file: number, keys: ImageKeys): IndexImage {
  const { size } = fstatSync(file);
  const head = readAt(file, 0, imageHeaderBytes);
  if (head.toString("latin1", 0, 8) !== imageMagic) throw new RangeError("no index image");
  const key = imageKey(keys, head.subarray(8));
  const trailerBytes = readAt(file, size - 4, 4).readUInt32BE();
  if (trailerBytes > size - imageHeaderBytes - 4) throw new RangeError("the image is cut off");
  const sealedTrailer = readAt(file, size - 4 - trailerBytes, trailerBytes);
  const trailer = JSON.parse(unseal(sealedTrailer, imageSealing(key, 0)).toString()) as ImageTrailer;
  if (trailer.repositoryId !== keys.repositoryId) throw new RangeError("the image of another repository");
  const { recordCount, packCount } = trailer;
  const blockCount = Math.ceil(recordCount / blockRecords);
  // Pieces are numbered from 1: blocks, then packs, fences and the filter.
  let piece = blockCount + 1;
  let at = imageHeaderBytes + recordCount * recordBytes + blockCount * tagBytes;
  const readTable = (bytes: number): Buffer => {
    const table = Buffer.allocUnsafe(bytes);
    for (let done = 0; done < bytes;) {
      const length = Math.min(pieceBytes, bytes - done);
      unseal(readAt(file, at, length + tagBytes), imageSealing(key, piece)).copy(table, done);
      piece += 1;
      at += length + tagBytes;
      done += length;
    }
    return table;
  };
  const packs = readTable(packCount * 16);
  const fences = readTable(blockCount * fenceBytes);
  const filter = createIdFilter(recordCount, readTable(trailer.filterBytes));
  const readBlock = (block: number): Buffer => {
    const records = Math.min(blockRecords, recordCount - block * blockRecords);
    const sealed = readAt(file, imageHeaderBytes + block * blockBytes, records * recordBytes + tagBytes);
    return unseal(sealed, imageSealing(key, block + 1));
  };
  const packId = (packNumber: number): string => packs.toString("hex", packNumber * 16, packNumber * 16 + 16);
  const search = createBlockSearch({ fences, blockCount, readBlock });
  return {
    covers: trailer.covers,
    recordCount,
    packCount,
    packId,
    findAll(id) {
      const bytes = Buffer.from(id, "hex");
      if (!filter.mayHave(bytes)) return [];
      return search(bytes).map(({ entry, packNumber }) => ({ packId: packId(packNumber), entry }));
    },
    *records() {
      for (let block = 0; block < blockCount; block += 1) yield readBlock(block);
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}

function readAt(file: number, at: number, length: number): Buffer {
  invariant(at >= 0 && length >= 0, "a place in the image");
  const bytes = Buffer.allocUnsafe(length);
  if (readSync(file, bytes, 0, length, at) !== length) throw new RangeError("the image is cut off");
  return bytes;
}

function createBlockSearch(image: {
  readonly fences: Buffer;
  readonly blockCount: number;
  readBlock(block: number): Buffer;
}) {
  const { fences, blockCount } = image;
  const kept = new Map<number, Buffer>();
  const blockAt = (block: number): Buffer => {
    const bytes = kept.get(block) ?? image.readBlock(block);
    kept.delete(block);
    kept.set(block, bytes);
    if (kept.size > keptBlocks) kept.delete(kept.keys().next().value!);
    return bytes;
  };
  const fenceAt = (block: number): number => fences.readUIntBE(block * fenceBytes, fenceBytes);
  /** The first block whose fence is not below the key. */
  const lowerBlock = (key: number): number => {
    let low = 0;
    let high = blockCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (fenceAt(middle) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return (id: Buffer) => {
    const key = id.readUIntBE(0, fenceBytes);
    const found: ReturnType<typeof readRecord>[] = [];
    // A block may begin with the key and the one before it end with the same.
    for (let block = Math.max(0, lowerBlock(key) - 1); block < blockCount && fenceAt(block) <= key; block += 1) {
      const records = blockAt(block);
      for (let at = lowerRecord(records, id); at < records.length && isAt(records, at, id); at += recordBytes)
        found.push(readRecord(records, at));
    }
    return found;
  };
}

function isAt(records: Buffer, at: number, id: Buffer): boolean {
  return records.compare(id, 0, 32, at, at + 32) === 0;
}

/** The offset of the first record whose id is not below. */
function lowerRecord(records: Buffer, id: Buffer): number {
  let low = 0;
  let high = records.length / recordBytes;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (records.compare(id, 0, 32, middle * recordBytes, middle * recordBytes + 32) < 0) low = middle + 1;
    else high = middle;
  }
  return low * recordBytes;
}
