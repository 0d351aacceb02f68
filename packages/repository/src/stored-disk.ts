import type { DiskImage } from "@holdfast/domain";
import { invariant, mapBounded, normalizeRanges } from "@holdfast/kernel";
import type { ByteRange } from "@holdfast/kernel";
import type { BlobOptions } from "./blob-store/blob-store.ts";
import type { ChunkStore } from "./chunk-store.ts";
import { damagedChunk } from "./failure.ts";
import { walkTree } from "./tree/disk-tree.ts";

/** Opens an image for reading. Every chunk is opened and its id checked before its bytes are handed out. */
export function openStoredDisk(chunks: ChunkStore, image: DiskImage) {
  const { sizeBytes } = image;
  return {
    sizeBytes,
    async read(range: ByteRange, options?: BlobOptions): Promise<Uint8Array> {
      invariant(
        range.start >= 0 && range.end <= sizeBytes && range.start <= range.end,
        "the read is past the disk's end",
      );
      const whole = new Uint8Array(range.end - range.start);
      const found = walkTree(chunks, image, range, options);
      await mapBounded(
        found,
        async ({ id, kind, range: at }) => {
          if (kind === "node") return;
          const bytes = await chunks.read(id, "data", options);
          if (bytes.length !== at.end - at.start) throw damagedChunk(`chunk ${id}`, "the chunk has another length");
          const start = Math.max(at.start, range.start);
          whole.set(bytes.subarray(start - at.start, Math.min(at.end, range.end) - at.start), start - range.start);
        },
        { limit: 8, ...options },
      );
      return whole;
    },
    async *listAllocated(options?: BlobOptions): AsyncIterable<ByteRange> {
      let open: ByteRange | undefined;
      for await (const { kind, range } of walkTree(chunks, image, { start: 0, end: sizeBytes }, options)) {
        if (kind === "node") continue;
        const joined = open === undefined ? [range] : normalizeRanges([open, range]);
        if (joined.length === 2) yield joined[0]!;
        open = joined.at(-1)!;
      }
      if (open !== undefined) yield open;
    },
  };
}
