import { invariant } from "@holdfast/kernel";
import type { ByteRange } from "@holdfast/kernel";
import type { ChunkEntry } from "./format/chunk-entry.ts";
import { chunkSizeBytes, maxBatchBytes } from "./format/limits.ts";
import type { ChunkPlace } from "./chunk-index/chunk-table.ts";

/** What one read of a store brings at most: a batch, once it is opened. */
const maxChunks = maxBatchBytes / chunkSizeBytes;

/** Chunks of a pack whose sealed bytes lie side by side. */
export interface ChunkRun {
  readonly packId: string;
  readonly entries: readonly ChunkEntry[];
}

/** The bytes of a pack that hold a run. */
export function runBytes({ entries }: ChunkRun): ByteRange {
  const first = entries[0];
  const last = entries.at(-1);
  invariant(first !== undefined && last !== undefined, "a run has chunks");
  return { start: first.offset, end: last.offset + last.storedBytes };
}

/** Joins places into runs of at most 4 MiB of plain bytes, in the order given. */
export function joinRuns(places: Iterable<ChunkPlace>): ChunkRun[] {
  const runs: { packId: string; entries: ChunkEntry[] }[] = [];
  for (const { packId, entry } of places) {
    const run = runs.at(-1);
    const last = run?.entries.at(-1);
    const isNext =
      run?.packId === packId &&
      last !== undefined &&
      last.offset + last.storedBytes === entry.offset &&
      run.entries.length < maxChunks;
    if (isNext) run.entries.push(entry);
    else runs.push({ packId, entries: [entry] });
  }
  return runs;
}
