import type { ChunkEntry } from "../format/chunk-entry.ts";
import { chunkSizeBytes } from "../format/limits.ts";
import { chunkId, createChunkCodec, packKey } from "./chunk-codec.ts";
import type { CodecKeys, IdentifyOrder, OpenOrder, SealOrder } from "./codec.ts";
import type { Transforms } from "./transforms.ts";

const zeros = Buffer.alloc(chunkSizeBytes);

/** Does what a codec is asked for, on the thread that calls it. */
export function createCodecWork({ master, idKey }: CodecKeys, transforms: Transforms) {
  const codec = createChunkCodec(transforms, idKey);
  const spare = new Uint8Array(chunkSizeBytes);
  return {
    identify({ kind, bytes }: IdentifyOrder): (string | null)[] {
      const ids: (string | null)[] = [];
      for (let at = 0; at < bytes.length; at += chunkSizeBytes) {
        const chunk = bytes.subarray(at, at + chunkSizeBytes);
        const isZero = kind === "data" && zeros.compare(chunk, 0, chunk.length, 0, chunk.length) === 0;
        ids.push(isZero ? null : chunkId(idKey, kind, chunk));
      }
      return ids;
    },
    seal({ kind, bytes, pieces, packId, pack, offset, firstOrdinal }: SealOrder): ChunkEntry[] {
      const key = packKey(master, packId);
      let at = offset;
      return pieces.map(({ id, start, end }, i) => {
        const chunk = { id, kind, ordinal: firstOrdinal + i, plain: bytes.subarray(start, end) };
        const entry = codec.seal(key, chunk, pack, at);
        at += entry.storedBytes;
        return entry;
      });
    },
    open({ packId, sealed, entries, target }: OpenOrder): (string | null)[] {
      const key = packKey(master, packId);
      let from = 0;
      let to = 0;
      return entries.map((entry) => {
        const chunk = sealed.subarray(from, from + entry.storedBytes);
        const plain = (target?.subarray(to) ?? spare).subarray(0, entry.plainBytes);
        from += entry.storedBytes;
        to += entry.plainBytes;
        try {
          codec.open(key, entry, chunk, plain);
          return null;
        } catch (error) {
          return error instanceof Error ? error.message : "it does not open";
        }
      });
    },
  };
}

export type CodecWork = ReturnType<typeof createCodecWork>;
