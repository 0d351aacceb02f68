import { createHash, createHmac } from "node:crypto";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { damagedChunk } from "../failure.ts";
import type { ChunkEntry, ChunkKind } from "../format/chunk-entry.ts";
import { counterNonce, deriveKey, seal, unseal } from "./sealing.ts";

/** The keyed name of a chunk: tells nobody without the key what the chunk holds. */
export function chunkId(idKey: Uint8Array, kind: ChunkKind, plain: Uint8Array): string {
  const digest = createHash("sha256").update(plain).digest();
  return createHmac("sha256", idKey).update(kind).update(digest).digest("hex");
}

export function packKey(master: Uint8Array, packId: string): Uint8Array {
  return deriveKey(master, Buffer.from(packId, "hex"), "holdfast/1/pack");
}

/** zstd level 1 where it shrinks the bytes; null where it does not. */
export function shrink(plain: Uint8Array): Uint8Array | null {
  const packed = zstdCompressSync(plain, {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
    chunkSize: plain.length + 1024,
  });
  return packed.length < plain.length ? packed : null;
}

type Sealable = Omit<ChunkEntry, "offset" | "storedBytes">;

export function sealChunk(key: Uint8Array, entry: Sealable, body: Uint8Array): Buffer {
  return seal(body, { key, nonce: counterNonce(entry.ordinal), context: chunkContext(entry) });
}

/** Opens a chunk and checks its id; raises `repository.chunk.damaged` with the pack's name. */
export function openChunk(
  keys: { readonly pack: Uint8Array; readonly id: Uint8Array },
  entry: ChunkEntry,
  sealed: Uint8Array,
  object: string,
): Uint8Array {
  let plain: Uint8Array;
  try {
    const context = chunkContext(entry);
    const body = unseal(sealed, { key: keys.pack, nonce: counterNonce(entry.ordinal), context });
    plain = entry.isCompressed ? zstdDecompressSync(body, { maxOutputLength: entry.plainBytes }) : body;
  } catch (error) {
    throw damagedChunk(object, `chunk ${entry.id} does not open`, error);
  }
  if (plain.length !== entry.plainBytes || chunkId(keys.id, entry.kind, plain) !== entry.id)
    throw damagedChunk(object, `chunk ${entry.id} holds other bytes`);
  return plain;
}

function chunkContext(entry: Sealable): Buffer {
  const context = Buffer.alloc(54);
  context.write("holdfast/1/chunk", 0, "latin1");
  context.write(entry.id, 16, "hex");
  context.writeUInt32BE(entry.plainBytes, 48);
  context.writeUInt8(entry.isCompressed ? 1 : 0, 52);
  context.writeUInt8(entry.kind === "node" ? 1 : 0, 53);
  return context;
}
