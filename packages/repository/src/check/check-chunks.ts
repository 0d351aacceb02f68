import type { BlobOptions } from "../blob-store/blob-store.ts";
import { mapBounded } from "@holdfast/kernel";
import type { HoldfastError } from "@holdfast/kernel";
import { joinRuns } from "../chunk-runs.ts";
import type { ChunkRun } from "../chunk-runs.ts";
import type { ChunkPlace } from "../chunk-index/chunk-table.ts";
import type { RowSet } from "../chunk-index/row-set.ts";
import { chunkFailed } from "../chunk-store.ts";
import type { ChunkStore } from "../chunk-store.ts";
import type { CheckOptions } from "../check.ts";
import { asDamage } from "../failure.ts";
import { packName } from "../format/pack.ts";

/** Runs that are read at a time. */
const runsAtATime = 12;

/**
 * Reads and opens the chunks of some rows, pack by pack. Answers what is wrong with which row, and apart from that with
 * rows of which another copy opens: no point is the worse for these.
 */
export async function checkChunks(chunks: ChunkStore, rows: RowSet, options: CheckOptions) {
  const { table } = chunks.indexes;
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const harms = new Map<number, HoldfastError>();
  let totalBytes = 0;
  for (const { entry } of placesOf(chunks, rows)) totalBytes += entry.plainBytes;
  let readBytes = 0;
  const openRun = async (run: ChunkRun): Promise<void> => {
    const { packId, entries } = run;
    const first = table.rowsOf(packId)!.first;
    try {
      for (const [i, failure] of (await chunks.open(run, null, call)).entries()) {
        const { id, ordinal, plainBytes } = entries[i]!;
        if (failure === null) readBytes += plainBytes;
        else harms.set(first + ordinal, chunkFailed(packId, id, failure));
      }
    } catch (error) {
      const harm = asDamage(error, packName(packId));
      if (harm === null) throw error;
      for (const { ordinal } of entries) harms.set(first + ordinal, harm);
    }
    options.onProgress?.({ readBytes, totalBytes });
  };
  await mapBounded(runsOf(chunks, rows), openRun, { limit: runsAtATime, ...call });
  const spared: HoldfastError[] = [];
  // A prune may have moved chunks meanwhile: then it has named them anew.
  if (harms.size > 0) await chunks.indexes.refresh(call);
  for (const [row, harm] of harms) {
    const place = table.placeAt(row);
    if (chunks.indexes.findAll(place.entry.id).length < 2 || !(await hasGoodCopy(chunks, place, call))) continue;
    if (chunks.indexes.isNamed(place.packId)) spared.push(harm);
    harms.delete(row);
  }
  return { harms, spared, readBytes };
}

async function hasGoodCopy(chunks: ChunkStore, { entry }: ChunkPlace, call: BlobOptions): Promise<boolean> {
  try {
    await chunks.batches.with((slot) => chunks.openAny(entry.id, slot.subarray(0, entry.plainBytes), call));
    return true;
  } catch (error) {
    if (asDamage(error, entry.id) === null) throw error;
    return false;
  }
}

/** The runs of the rows, one pack after the other. */
function* runsOf(chunks: ChunkStore, rows: RowSet): Generator<ChunkRun> {
  let pack: ChunkPlace[] = [];
  for (const place of placesOf(chunks, rows)) {
    if (pack[0] !== undefined && pack[0].packId !== place.packId) {
      yield* joinRuns(pack);
      pack = [];
    }
    pack.push(place);
  }
  yield* joinRuns(pack);
}

function* placesOf({ indexes: { table } }: ChunkStore, rows: RowSet): Generator<ChunkPlace> {
  for (let row = 0; row < table.rowCount; row += 1) if (rows.has(row)) yield table.placeAt(row);
}
