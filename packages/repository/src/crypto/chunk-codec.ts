import { createHmac, hash } from "node:crypto";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { ChunkEntry, ChunkKind } from "../format/chunk-entry.ts";
import { discard } from "./hand-over.ts";
import { counterNonce, deriveKey, sealInto, unseal } from "./sealing.ts";

/** The keyed name of a chunk: tells nobody without the key what the chunk holds. */
export function chunkId(idKey: Uint8Array, kind: ChunkKind, plain: Uint8Array): string {
  return createHmac("sha256", idKey)
    .update(kind)
    .update(hash("sha256", plain, "buffer"))
    .digest("hex");
}

export function packKey(master: Uint8Array, packId: string): Uint8Array {
  return deriveKey(master, Buffer.from(packId, "hex"), "holdfast/1/pack");
}

/** zstd level 1 where it shrinks the bytes; null where it does not. */
function shrink(plain: Uint8Array): Uint8Array | null {
  const packed = zstdCompressSync(plain, {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
    chunkSize: plain.length + 1024,
  });
  if (packed.length < plain.length) return packed;
  discard(packed);
  return null;
}

type Sealable = Omit<ChunkEntry, "offset" | "storedBytes">;

/** Seals a chunk into a pack at an offset; answers its entry. */
export function sealChunk(
  key: Uint8Array,
  chunk: { readonly id: string; readonly kind: ChunkKind; readonly ordinal: number; readonly plain: Uint8Array },
  pack: Uint8Array,
  offset: number,
): ChunkEntry {
  const { id, kind, ordinal, plain } = chunk;
  const shrunk = shrink(plain);
  const head = { id, kind, plainBytes: plain.length, isCompressed: shrunk !== null, ordinal };
  const by = { key, nonce: counterNonce(ordinal), context: chunkContext(head) };
  const end = sealInto(pack, offset, shrunk ?? plain, by);
  if (shrunk !== null) discard(shrunk);
  return { ...head, offset, storedBytes: end - offset };
}

/** Opens a chunk and checks its id; raises a plain Error with the reason. */
export function openChunk(
  keys: { readonly pack: Uint8Array; readonly id: Uint8Array },
  entry: ChunkEntry,
  sealed: Uint8Array,
): Uint8Array {
  const body = unseal(sealed, { key: keys.pack, nonce: counterNonce(entry.ordinal), context: chunkContext(entry) });
  // A buffer of the known size takes all of the output in one piece.
  const sizes = { chunkSize: Math.max(64, entry.plainBytes), maxOutputLength: entry.plainBytes };
  const plain = entry.isCompressed ? zstdDecompressSync(body, sizes) : body;
  if (entry.isCompressed) discard(body);
  if (plain.length !== entry.plainBytes) throw new RangeError("it has another length");
  if (chunkId(keys.id, entry.kind, plain) !== entry.id) throw new RangeError("it holds other bytes");
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
