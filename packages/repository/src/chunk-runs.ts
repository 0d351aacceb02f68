import { MiB } from "@holdfast/kernel";
import type { ChunkEntry } from "./format/chunk-entry.ts";
import type { ChunkPlace } from "./index-set.ts";

/** What one read of a store brings at most. */
const maxSealedBytes = 8 * MiB;
/** Tiny chunks would make a run large once it is opened: 8 MiB of data. */
const maxChunks = 32;

/** Chunks of a pack whose sealed bytes lie side by side. */
export interface ChunkRun {
  readonly packId: string;
  readonly entries: readonly ChunkEntry[];
}

/** Joins places into runs, in the order given. */
export function joinRuns(places: Iterable<ChunkPlace>): ChunkRun[] {
  const runs: { packId: string; entries: ChunkEntry[] }[] = [];
  for (const { packId, entry } of places) {
    const run = runs.at(-1);
    const first = run?.entries[0];
    const last = run?.entries.at(-1);
    const isNext =
      run?.packId === packId &&
      first !== undefined &&
      last !== undefined &&
      last.offset + last.storedBytes === entry.offset &&
      entry.offset + entry.storedBytes - first.offset <= maxSealedBytes &&
      run.entries.length < maxChunks;
    if (isNext) run.entries.push(entry);
    else runs.push({ packId, entries: [entry] });
  }
  return runs;
}
