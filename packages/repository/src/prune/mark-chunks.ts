import type { RecoveryPoint } from "@holdfast/domain";
import type { BlobOptions } from "../blob-store/blob-store.ts";
import { createRowSet } from "../chunk-index/row-set.ts";
import type { RowSet } from "../chunk-index/row-set.ts";
import type { ChunkStore } from "../chunk-store.ts";
import { missingChunk } from "../failure.ts";
import { walkTree } from "../tree/disk-tree.ts";
import { createNodeReader } from "../tree/node-reader.ts";
import type { PackUse } from "./plan-packs.ts";

/** Nodes kept while trees are walked: neighbouring points share most of theirs. */
const cachedNodes = 512;

/** Which copy of a chunk is the one to keep. */
export interface Homes {
  /** The row of the copy; -1 where no index object that counts names one. */
  rowOf(id: string): number;
}

/** Prefers a copy that is not condemned; of several the one that was known first. */
export function createHomes({ indexes }: ChunkStore, condemned: Readonly<Record<string, number>>): Homes {
  const { table } = indexes;
  return {
    rowOf(id) {
      let spare = -1;
      let home = -1;
      for (let row = table.rowOf(id); row >= 0; row = table.rowBefore(row)) {
        const packId = table.packIdAt(row);
        if (!indexes.isNamed(packId)) continue;
        if (packId in condemned) spare = row;
        else home = row;
      }
      return home < 0 ? spare : home;
    },
  };
}

/** Marks the rows of all chunks and nodes that points need. Raises what is missing or damaged: nothing is guessed here. */
export async function markChunks(
  chunks: ChunkStore,
  homes: Homes,
  points: readonly RecoveryPoint[],
  call: BlobOptions,
): Promise<RowSet> {
  const marked = createRowSet();
  const walked: RowSet[] = [];
  const nodes = createNodeReader(chunks, cachedNodes);
  const home = (id: string): number => {
    const row = homes.rowOf(id);
    if (row < 0) throw missingChunk(`chunk ${id}`);
    return row;
  };
  const isKnown = (id: string, level: number): boolean => walked[level]?.has(home(id)) === true;
  for (const { disks } of points) {
    for (const { image } of disks) {
      const whole = { start: 0, end: image.sizeBytes };
      for await (const { id, kind, level } of walkTree(nodes, image, whole, { ...call, isKnown })) {
        const row = home(id);
        marked.add(row);
        if (kind === "node") (walked[level] ??= createRowSet()).add(row);
      }
    }
  }
  return marked;
}

/** Sums up what of each pack is marked. Packs that no index object names which counts are left out. */
export function measurePacks({ indexes }: ChunkStore, living: RowSet, expiring: RowSet): PackUse[] {
  const { table } = indexes;
  const uses: PackUse[] = [];
  for (const packId of table.packIds) {
    if (!indexes.isNamed(packId)) continue;
    const { first, end } = table.rowsOf(packId)!;
    const use = { packId, bytes: 0, livingBytes: 0, expiringBytes: 0 };
    for (let row = first; row < end; row += 1) {
      const storedBytes = table.storedBytesAt(row);
      use.bytes += storedBytes;
      if (living.has(row)) use.livingBytes += storedBytes;
      else if (expiring.has(row)) use.expiringBytes += storedBytes;
    }
    uses.push(use);
  }
  return uses;
}
