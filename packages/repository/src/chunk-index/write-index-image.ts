import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { invariant } from "@holdfast/kernel";
import { seal } from "../crypto/sealing.ts";
import { createIdFilter } from "./id-filter.ts";
import {
  blockRecords,
  fenceBytes,
  imageHeaderBytes,
  imageKey,
  imageMagic,
  imageSealing,
  pieceBytes,
} from "./index-image.ts";
import type { ImageKeys, ImageTrailer } from "./index-image.ts";
import { recordBytes } from "./index-record.ts";

export interface ImageContent {
  readonly covers: readonly string[];
  readonly recordCount: number;
  /** Ids of the packs that records name by number. */
  readonly packIds: readonly string[];
  /** Sorted records, in pieces of whole ones. */
  readonly records: Iterable<Buffer>;
}

/**
 * Writes an image beside its path, makes it durable and gives it the path. `salt` is 16 bytes that were never used: the
 * pieces of an image are sealed under a key of its own.
 */
export function writeIndexImage(path: string, keys: ImageKeys, salt: Uint8Array, content: ImageContent): void {
  // Two processes may write the image of one repository at a time.
  const part = `${path}.${Buffer.from(salt).toString("hex")}.part`;
  const file = openSync(part, "wx", 0o600);
  try {
    writeParts(file, keys, salt, content);
    fsyncSync(file);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
}

function writeParts(file: number, keys: ImageKeys, salt: Uint8Array, content: ImageContent): void {
  const key = imageKey(keys, salt);
  const { recordCount } = content;
  const blockCount = Math.ceil(recordCount / blockRecords);
  const filter = createIdFilter(recordCount);
  const fences = Buffer.allocUnsafe(blockCount * fenceBytes);
  let piece = 1;
  const write = (bytes: Uint8Array): void => {
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
  };
  const writeSealed = (bytes: Uint8Array): void => {
    write(seal(bytes, imageSealing(key, piece)));
    piece += 1;
  };
  write(Buffer.concat([Buffer.from(imageMagic, "latin1"), salt]));
  let written = 0;
  for (const block of cutBlocks(content.records)) {
    block.copy(fences, (piece - 1) * fenceBytes, 0, fenceBytes);
    for (let at = 0; at < block.length; at += recordBytes) filter.add(block.subarray(at, at + 16));
    written += block.length / recordBytes;
    writeSealed(block);
  }
  invariant(written === recordCount && piece === blockCount + 1, "an image has the records that it says");
  const packs = Buffer.from(content.packIds.join(""), "hex");
  for (const table of [packs, fences, filter.bytes])
    for (let at = 0; at < table.length; at += pieceBytes) writeSealed(table.subarray(at, at + pieceBytes));
  const trailer: ImageTrailer = {
    repositoryId: keys.repositoryId,
    covers: content.covers,
    recordCount,
    packCount: content.packIds.length,
    filterBytes: filter.bytes.length,
  };
  const sealed = seal(Buffer.from(JSON.stringify(trailer)), imageSealing(key, 0));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(sealed.length);
  write(sealed);
  write(length);
  invariant(salt.length === imageHeaderBytes - imageMagic.length, "a salt has 16 bytes");
}

/** Cuts records to blocks of the same size, but for the last. */
function* cutBlocks(pieces: Iterable<Buffer>): Generator<Buffer> {
  const blockLength = blockRecords * recordBytes;
  let rest: Buffer = Buffer.alloc(0);
  for (const piece of pieces) {
    let at = 0;
    if (rest.length > 0) {
      at = Math.min(blockLength - rest.length, piece.length);
      rest = Buffer.concat([rest, piece.subarray(0, at)]);
      if (rest.length < blockLength) continue;
      yield rest;
    }
    for (; at + blockLength <= piece.length; at += blockLength) yield piece.subarray(at, at + blockLength);
    rest = piece.subarray(at);
  }
  if (rest.length > 0) yield rest;
}
