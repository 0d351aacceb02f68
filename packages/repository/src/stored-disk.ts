import type { DiskImage } from "@holdfast/domain";
import { invariant, mapBounded, normalizeRanges } from "@holdfast/kernel";
import type { ByteRange } from "@holdfast/kernel";
import type { BlobOptions } from "./blob-store/blob-store.ts";
import { joinRuns } from "./chunk-runs.ts";
import { chunkFailed } from "./chunk-store.ts";
import type { ChunkStore } from "./chunk-store.ts";
import { damagedChunk } from "./failure.ts";
import type { ChunkPlace } from "./index-set.ts";
import { walkTree } from "./tree/disk-tree.ts";
import { createNodeReader } from "./tree/node-reader.ts";

/** Nodes kept for the next read: 128 leaves are 8 GiB of the disk and about 3 MiB of memory. */
const cachedNodes = 128;

/** Opens an image for reading. Every chunk is opened and its id checked before its bytes are handed out. */
export function openStoredDisk(chunks: ChunkStore, image: DiskImage) {
  const { sizeBytes } = image;
  const nodes = createNodeReader(chunks, cachedNodes);
  return {
    sizeBytes,
    async read(range: ByteRange, options?: BlobOptions): Promise<Uint8Array> {
      invariant(
        range.start >= 0 && range.end <= sizeBytes && range.start <= range.end,
        "the read is past the disk's end",
      );
      const starts = new Map<ChunkPlace["entry"], number[]>();
      const places: ChunkPlace[] = [];
      for await (const { id, kind, range: at } of walkTree(nodes, image, range, options)) {
        if (kind === "node") continue;
        const place = await chunks.locate(id, "data", options);
        if (place.entry.plainBytes !== at.end - at.start)
          throw damagedChunk(`chunk ${id}`, "the chunk has another length");
        places.push(place);
        const known = starts.get(place.entry);
        if (known === undefined) starts.set(place.entry, [at.start]);
        else known.push(at.start);
      }
      let whole: Uint8Array | undefined;
      await mapBounded(
        joinRuns(places),
        async ({ packId, entries }, { signal }) => {
          const { plain, failures } = await chunks.open({ packId, entries }, { signal });
          for (const [i, failure] of failures.entries())
            if (failure !== null) throw chunkFailed(packId, entries[i]!.id, failure);
          const isAll = starts.get(entries[0]!)?.[0] === range.start && plain.length === range.end - range.start;
          if (isAll && entries.length === places.length) whole = plain;
          else {
            whole ??= new Uint8Array(range.end - range.start);
            let from = 0;
            for (const entry of entries) {
              const chunk = plain.subarray(from, from + entry.plainBytes);
              for (const start of starts.get(entry)!) copyPart(chunk, start, whole, range);
              from += entry.plainBytes;
            }
          }
        },
        { limit: 4, ...options },
      );
      return whole ?? new Uint8Array(range.end - range.start);
    },
    async *listAllocated(options?: BlobOptions): AsyncIterable<ByteRange> {
      let open: ByteRange | undefined;
      for await (const { kind, range } of walkTree(nodes, image, { start: 0, end: sizeBytes }, options)) {
        if (kind === "node") continue;
        const joined = open === undefined ? [range] : normalizeRanges([open, range]);
        if (joined.length === 2) yield joined[0]!;
        open = joined.at(-1)!;
      }
      if (open !== undefined) yield open;
    },
  };
}

/** Copies what a chunk at `start` and a range of the disk have in common to the range's bytes. */
function copyPart(chunk: Uint8Array, start: number, whole: Uint8Array, range: ByteRange): void {
  const from = Math.max(start, range.start);
  const end = Math.min(start + chunk.length, range.end);
  whole.set(chunk.subarray(from - start, end - start), from - range.start);
}
