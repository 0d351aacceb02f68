import type { RecoveryPoint } from "@holdfast/domain";
import type { HoldfastError } from "@holdfast/kernel";
import type { BlobOptions } from "../blob-store/blob-store.ts";
import { createRowSet } from "../chunk-index/row-set.ts";
import type { RowSet } from "../chunk-index/row-set.ts";
import type { ChunkStore } from "../chunk-store.ts";
import { damagedChunk, missingChunk } from "../failure.ts";
import { packName } from "../format/pack.ts";
import { walkTree } from "../tree/disk-tree.ts";
import type { FoundChunk } from "../tree/disk-tree.ts";
import { createNodeReader } from "../tree/node-reader.ts";

/** Nodes kept while trees are walked: neighbouring points share most of theirs. */
const cachedNodes = 512;

export interface NeededChunks {
  readonly dataRows: RowSet;
  /** Whether some point needs what cannot be had, or is not what its tree says. */
  readonly hasHarm: boolean;
}

/** Finds the chunks that the points need. A part of a tree that several points share is walked once. */
export async function findNeeded(
  chunks: ChunkStore,
  points: readonly RecoveryPoint[],
  call: BlobOptions,
): Promise<NeededChunks> {
  const { table } = chunks.indexes;
  const dataRows = createRowSet();
  const seen = seenNodes(chunks);
  const nodes = createNodeReader(chunks, cachedNodes);
  let hasHarm = false;
  for (const { disks } of points) {
    for (const { image } of disks) {
      const onLost = (): void => void (hasHarm = true);
      const whole = { start: 0, end: image.sizeBytes };
      for await (const found of walkTree(nodes, image, whole, { ...call, onLost, isKnown: seen.has })) {
        if (found.kind === "node") seen.add(found.id, found.level);
        else if (harmOf(chunks, found) === null) dataRows.add(table.rowOf(found.id));
        else hasHarm = true;
      }
    }
  }
  return { dataRows, hasHarm };
}

/** What is known to be wrong, by row of a chunk and by pack. */
export interface KnownHarm {
  readonly rows: ReadonlyMap<number, HoldfastError>;
  readonly packs: ReadonlyMap<string, HoldfastError>;
}

/** Finds the points that harm touches, by walking each of them whole but for the trees that were found to be clean. */
export async function findHarmedPoints(
  chunks: ChunkStore,
  points: readonly RecoveryPoint[],
  known: KnownHarm,
  call: BlobOptions,
): Promise<{ readonly harm: HoldfastError; readonly pointId: string }[]> {
  const { table } = chunks.indexes;
  const harmed: { harm: HoldfastError; pointId: string }[] = [];
  const clean = seenNodes(chunks);
  const nodes = createNodeReader(chunks, cachedNodes);
  for (const { id: pointId, disks } of points) {
    let lostCount = 0;
    for (const { image } of disks) {
      const harms = new Set<HoldfastError>();
      const passed: FoundChunk[] = [];
      const onLost = (harm: HoldfastError): void => void harms.add(harm);
      const whole = { start: 0, end: image.sizeBytes };
      const lostBefore = lostCount;
      for await (const found of walkTree(nodes, image, whole, { ...call, onLost, isKnown: clean.has })) {
        if (found.kind === "node") passed.push(found);
        const row = table.rowOf(found.id);
        if (row < 0) lostCount += 1;
        else
          for (const harm of [known.rows.get(row), packHarmOf(chunks, row, known), harmOf(chunks, found) ?? undefined])
            if (harm !== undefined) harms.add(harm);
      }
      for (const harm of harms) harmed.push({ harm, pointId });
      if (harms.size === 0 && lostCount === lostBefore) for (const { id, level } of passed) clean.add(id, level);
    }
    // A lost index takes thousands of chunks with it: one finding a point says as much as one a chunk.
    if (lostCount > 0)
      harmed.push({
        harm: missingChunk(`points/${pointId}`, `no readable index names ${lostCount} of its chunks`),
        pointId,
      });
  }
  return harmed;
}

/** Answers the harm of the pack that a chunk is in, unless another pack that is whole has the chunk too. */
function packHarmOf({ indexes: { table } }: ChunkStore, row: number, { rows, packs }: KnownHarm) {
  for (let other = row; other >= 0; other = table.rowBefore(other))
    if (!packs.has(table.packIdAt(other)) && !rows.has(other)) return undefined;
  return packs.get(table.packIdAt(row));
}

/** Answers why a chunk cannot be what its tree says; null where it may be. */
function harmOf(chunks: ChunkStore, { id, kind, range }: FoundChunk): HoldfastError | null {
  const place = chunks.indexes.find(id);
  if (place === undefined) return missingChunk(`chunk ${id}`);
  const isExpected =
    kind === "node" || (place.entry.kind === "data" && place.entry.plainBytes === range.end - range.start);
  return isExpected ? null : damagedChunk(packName(place.packId), `chunk ${id} is not what a point expects`);
}

/** Nodes by their level: the same bytes asked for as another level are another matter. */
function seenNodes({ indexes: { table } }: ChunkStore) {
  const levels: RowSet[] = [];
  return {
    add(id: string, level: number): void {
      (levels[level] ??= createRowSet()).add(table.rowOf(id));
    },
    has: (id: string, level: number): boolean => {
      const row = table.rowOf(id);
      return row >= 0 && levels[level]?.has(row) === true;
    },
  };
}
