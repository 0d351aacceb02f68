import { hasErrorCode, invariant, mapBounded } from "@holdfast/kernel";
import type { BlobOptions } from "../blob-store/blob-store.ts";
import { joinRuns } from "../chunk-runs.ts";
import type { ChunkRun } from "../chunk-runs.ts";
import type { RowSet } from "../chunk-index/row-set.ts";
import type { ChunkStore } from "../chunk-store.ts";
import type { ChunkWriter } from "../chunk-writer.ts";
import { asDamage, damagedChunk } from "../failure.ts";
import type { ChunkEntry } from "../format/chunk-entry.ts";
import { chunkSizeBytes } from "../format/limits.ts";
import { packName } from "../format/pack.ts";
import type { Writers } from "./writers.ts";

/** Runs that are moved at a time. */
const runsAtATime = 12;

export interface RewriteResult {
  /** Packs of which every marked chunk is in another pack now. */
  readonly rewritten: readonly string[];
  /** Packs that were left as they are, because a chunk in them does not open. */
  readonly damaged: readonly string[];
  readonly isStoreFull: boolean;
  readonly writtenBytes: number;
}

/**
 * Writes the marked chunks of some packs to new packs, as a capture would. A full store is no failure: what was not moved
 * stays where it is.
 */
export async function rewritePacks(
  chunks: ChunkStore,
  writers: Writers,
  order: { readonly packIds: readonly string[]; readonly living: RowSet },
  call: BlobOptions,
): Promise<RewriteResult> {
  const { packIds, living } = order;
  const damaged = new Set<string>();
  if (packIds.length === 0) return { rewritten: [], damaged: [], isStoreFull: false, writtenBytes: 0 };
  try {
    return await writers.run(
      (writerId) =>
        chunks.write(
          async (writer) => {
            await mapBounded(
              runsOf(chunks, packIds, living),
              async (run, { signal }) => {
                try {
                  await move(chunks, writer, run, { signal });
                } catch (error) {
                  if (asDamage(error, packName(run.packId)) === null) throw error;
                  damaged.add(run.packId);
                }
              },
              { limit: runsAtATime, ...call },
            );
            await writer.finish();
            const rewritten = packIds.filter((packId) => !damaged.has(packId));
            return { rewritten, damaged: [...damaged], isStoreFull: false, writtenBytes: writer.bytes.stored };
          },
          { ...call, writerId, isRewriting: true },
        ),
      call,
    );
  } catch (error) {
    if (!hasErrorCode(error, "repository.store.full")) throw error;
    return { rewritten: [], damaged: [...damaged], isStoreFull: true, writtenBytes: 0 };
  }
}

async function move(chunks: ChunkStore, writer: ChunkWriter, run: ChunkRun, call: BlobOptions): Promise<void> {
  await chunks.batches.with(async (plain) => {
    const failures = await chunks.open(run, plain, call);
    let at = 0;
    for (const [i, entry] of run.entries.entries()) {
      const target = plain.subarray(at, at + entry.plainBytes);
      if (failures[i] !== null) await chunks.openAny(entry.id, target, call);
      at += entry.plainBytes;
    }
    at = 0;
    for (const group of groupWhole(run.entries)) {
      const length = group.reduce((sum, entry) => sum + entry.plainBytes, 0);
      const ids = await writer.add(group[0]!.kind, plain.subarray(at, at + length));
      invariant(ids.length === group.length, "a batch is cut as it was");
      for (const [i, { id }] of group.entries())
        if (ids[i] !== id) throw damagedChunk(packName(run.packId), `chunk ${id} holds something else`);
      at += length;
    }
  });
}

/** Groups chunks that a batch would be cut into again: whole ones of data together, others alone. */
function groupWhole(entries: readonly ChunkEntry[]): ChunkEntry[][] {
  const groups: ChunkEntry[][] = [];
  const isWhole = ({ kind, plainBytes }: ChunkEntry): boolean => kind === "data" && plainBytes === chunkSizeBytes;
  for (const entry of entries) {
    const last = groups.at(-1)?.[0];
    if (last !== undefined && isWhole(last) && isWhole(entry)) groups.at(-1)!.push(entry);
    else groups.push([entry]);
  }
  return groups;
}

function* runsOf({ indexes: { table } }: ChunkStore, packIds: readonly string[], living: RowSet): Generator<ChunkRun> {
  for (const packId of packIds) {
    const { first, end } = table.rowsOf(packId)!;
    const rows = Array.from({ length: end - first }, (_, i) => first + i).filter((row) => living.has(row));
    yield* joinRuns(rows.map((row) => table.placeAt(row)));
  }
}
