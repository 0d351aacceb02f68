import { createHmac, hash } from "node:crypto";
import type { ChunkEntry, ChunkKind } from "../format/chunk-entry.ts";
import { chunkSizeBytes } from "../format/limits.ts";
import { counterNonce, deriveKey, tagBytes } from "./sealing.ts";
import type { Transforms } from "./transforms.ts";

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

/** What a chunk may take in a pack. */
export function maxStoredBytes(plainBytes: number): number {
  return plainBytes + tagBytes;
}

/** Seals chunks into packs and opens them, with memory of its own that it uses again: one for each thread. */
export function createChunkCodec(transforms: Transforms, idKey: Uint8Array) {
  const scratch = new Uint8Array(chunkSizeBytes + tagBytes);
  return {
    /** Seals a chunk into a pack at an offset; answers its entry. */
    seal(
      key: Uint8Array,
      chunk: { readonly id: string; readonly kind: ChunkKind; readonly ordinal: number; readonly plain: Uint8Array },
      pack: Uint8Array,
      offset: number,
    ): ChunkEntry {
      const { id, kind, ordinal, plain } = chunk;
      const shrunkBytes = transforms.compress(plain, scratch);
      const head = { id, kind, plainBytes: plain.length, isCompressed: shrunkBytes !== null, ordinal };
      const body = shrunkBytes === null ? plain : scratch.subarray(0, shrunkBytes);
      const by = { key, nonce: counterNonce(ordinal), context: chunkContext(head) };
      return { ...head, offset, storedBytes: transforms.seal(body, pack.subarray(offset), by) };
    },
    /** Opens a chunk to a target of its plain length, and checks its id; raises an Error with the reason. */
    open(key: Uint8Array, entry: ChunkEntry, sealed: Uint8Array, target: Uint8Array): void {
      const by = { key, nonce: counterNonce(entry.ordinal), context: chunkContext(entry) };
      if (sealed.length > scratch.length) throw new RangeError("it is larger than a chunk may be");
      if (entry.isCompressed) {
        const length = transforms.open(sealed, scratch, by);
        transforms.decompress(scratch.subarray(0, length), target);
      } else {
        if (sealed.length !== target.length + tagBytes) throw new RangeError("it has another length");
        transforms.open(sealed, target, by);
      }
      if (chunkId(idKey, entry.kind, target) !== entry.id) throw new RangeError("it holds other bytes");
    },
  };
}

function chunkContext(entry: Omit<ChunkEntry, "offset" | "storedBytes">): Buffer {
  const context = Buffer.alloc(54);
  context.write("holdfast/1/chunk", 0, "latin1");
  context.write(entry.id, 16, "hex");
  context.writeUInt32BE(entry.plainBytes, 48);
  context.writeUInt8(entry.isCompressed ? 1 : 0, 52);
  context.writeUInt8(entry.kind === "node" ? 1 : 0, 53);
  return context;
}
