import type { DiskImage } from "@holdfast/domain";
import { invariant, mapBounded, normalizeRanges } from "@holdfast/kernel";
import type { ByteRange } from "@holdfast/kernel";
import type { BlobOptions, GetOptions } from "./blob-store/blob-store.ts";
import { joinRuns } from "./chunk-runs.ts";
import type { ChunkRun } from "./chunk-runs.ts";
import type { ChunkStore } from "./chunk-store.ts";
import { asDamage, damagedChunk } from "./failure.ts";
import { packName } from "./format/pack.ts";
import type { ChunkPlace } from "./chunk-index/chunk-table.ts";
import { walkTree } from "./tree/disk-tree.ts";
import { createNodeReader } from "./tree/node-reader.ts";
import type { NodeReader } from "./tree/node-reader.ts";

/** Nodes kept for the next read: 128 leaves are 8 GiB of the disk and about 3 MiB of memory. */
const cachedNodes = 128;

/** Opens an image for reading. Every chunk is opened and its id checked before its bytes are handed out. */
export function openStoredDisk(chunks: ChunkStore, image: DiskImage) {
  const { sizeBytes } = image;
  const nodes = createNodeReader(chunks, cachedNodes);
  const reader = { chunks, nodes, image };
  return {
    sizeBytes,
    /** Answers the bytes: `into`, filled, where it has the range's length, else memory of its own. */
    async read(range: ByteRange, options: GetOptions = {}): Promise<Uint8Array> {
      invariant(
        range.start >= 0 && range.end <= sizeBytes && range.start <= range.end,
        "the read is past the disk's end",
      );
      const { into, ...call } = options;
      const whole = into ?? new Uint8Array(range.end - range.start);
      invariant(whole.length === range.end - range.start, "the memory handed in has the range's length");
      const pieces = await locateChunks(reader, range, call);
      let covered = 0;
      for (const { at } of pieces) covered += Math.min(at.end, range.end) - Math.max(at.start, range.start);
      if (into !== undefined && covered < whole.length) whole.fill(0);
      await mapBounded(
        joinPieces(pieces),
        async (run, { signal }) => {
          const isInside = run.at.start >= range.start && run.at.end <= range.end;
          // Only shared memory can be filled by a thread.
          if (isInside && whole.buffer instanceof SharedArrayBuffer)
            await openRun(chunks, run, whole.subarray(run.at.start - range.start, run.at.end - range.start), signal);
          else
            await chunks.batches.with(async (plain) => {
              await openRun(chunks, run, plain, signal);
              const from = Math.max(run.at.start, range.start);
              const end = Math.min(run.at.end, range.end);
              whole.set(plain.subarray(from - run.at.start, end - run.at.start), from - range.start);
            });
        },
        { limit: 4, ...call },
      );
      return whole;
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

interface Reader {
  readonly chunks: ChunkStore;
  readonly nodes: NodeReader;
  readonly image: DiskImage;
}

async function locateChunks({ chunks, nodes, image }: Reader, range: ByteRange, call: BlobOptions): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for await (const { id, kind, range: at } of walkTree(nodes, image, range, call)) {
    if (kind === "node") continue;
    const place = await chunks.locate(id, "data", call);
    if (place.entry.plainBytes !== at.end - at.start) throw damagedChunk(`chunk ${id}`, "the chunk has another length");
    pieces.push({ at, place });
  }
  return pieces;
}

async function openRun(
  chunks: ChunkStore,
  { packId, entries }: DiskRun,
  target: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const call = { signal };
  const failures = await chunks.open({ packId, entries }, target, call).catch((error: unknown) => {
    if (asDamage(error, packName(packId)) === null) throw error;
    return entries.map(() => "the run cannot be read");
  });
  let at = 0;
  for (const [i, { id, plainBytes }] of entries.entries()) {
    // Another writer may have stored the same chunk, or the chunk may have been healed.
    if (failures[i] !== null) await chunks.openAny(id, target.subarray(at, at + plainBytes), call);
    at += plainBytes;
  }
}

interface Piece {
  readonly at: ByteRange;
  readonly place: ChunkPlace;
}

/** A run whose chunks are neighbours on the disk too. */
type DiskRun = ChunkRun & { readonly at: ByteRange };

/** Joins chunks that lie side by side both in their pack and on the disk. */
function joinPieces(pieces: readonly Piece[]): DiskRun[] {
  const runs: DiskRun[] = [];
  for (let i = 0; i < pieces.length;) {
    let end = i + 1;
    while (end < pieces.length && pieces[end]!.at.start === pieces[end - 1]!.at.end) end += 1;
    let at = pieces[i]!.at.start;
    for (const run of joinRuns(pieces.slice(i, end).map(({ place }) => place))) {
      const bytes = run.entries.reduce((sum, entry) => sum + entry.plainBytes, 0);
      runs.push({ ...run, at: { start: at, end: at + bytes } });
      at += bytes;
    }
    i = end;
  }
  return runs;
}
