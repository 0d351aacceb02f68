import { chunkSizeBytes } from "../format/limits.ts";
import { chunkId, openChunk, packKey, sealChunk } from "./chunk-codec.ts";
import { discard } from "./hand-over.ts";
import type { CodecKeys, Identified, IdentifyOrder, Opened, OpenOrder, Sealed, SealOrder } from "./codec.ts";

const zeros = Buffer.alloc(chunkSizeBytes);

/** Does what a codec is asked for, on the thread that calls it. */
export function createCodecWork({ master, idKey }: CodecKeys) {
  return {
    identify({ kind, bytes }: IdentifyOrder): Identified {
      const ids: (string | null)[] = [];
      for (let at = 0; at < bytes.length; at += chunkSizeBytes) {
        const chunk = bytes.subarray(at, at + chunkSizeBytes);
        const isZero = kind === "data" && zeros.compare(chunk, 0, chunk.length, 0, chunk.length) === 0;
        ids.push(isZero ? null : chunkId(idKey, kind, chunk));
      }
      return { bytes, ids };
    },
    seal({ kind, bytes, pieces, packId, pack, offset, firstOrdinal }: SealOrder): Sealed {
      const key = packKey(master, packId);
      let at = offset;
      const entries = pieces.map(({ id, start, end }, i) => {
        const chunk = { id, kind, ordinal: firstOrdinal + i, plain: bytes.subarray(start, end) };
        const entry = sealChunk(key, chunk, pack, at);
        at += entry.storedBytes;
        return entry;
      });
      discard(bytes);
      return { pack, entries };
    },
    open({ packId, sealed, entries, wantsPlain }: OpenOrder): Opened {
      const keys = { pack: packKey(master, packId), id: idKey };
      const total = wantsPlain ? entries.reduce((sum, entry) => sum + entry.plainBytes, 0) : 0;
      const plain = new Uint8Array(total);
      const failures: (string | null)[] = [];
      let from = 0;
      let to = 0;
      for (const entry of entries) {
        try {
          const opened = openChunk(keys, entry, sealed.subarray(from, from + entry.storedBytes));
          if (wantsPlain) plain.set(opened, to);
          discard(opened);
          failures.push(null);
        } catch (error) {
          failures.push(error instanceof Error ? error.message : "it does not open");
        }
        from += entry.storedBytes;
        to += entry.plainBytes;
      }
      discard(sealed);
      return { plain, failures };
    },
  };
}

export type CodecWork = ReturnType<typeof createCodecWork>;
