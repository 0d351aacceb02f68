import type { RecoveryPoint } from "@holdfast/domain";
import { checkChunks } from "../check/check-chunks.ts";
import { checkPacks } from "../check/check-packs.ts";
import { findHarmedPoints, findNeeded } from "../check/needed-chunks.ts";
import type { CheckOptions, CheckParts } from "../check.ts";

export interface LostChunks {
  /** Chunks of which no copy opens, and those that are only in packs that are damaged. Others may be missing altogether. */
  readonly ids: Set<string>;
  /** Points that need any of them, or a chunk or node that no index names. */
  readonly pointIds: ReadonlySet<string>;
}

/** Reads all that the points need, as a check does, and answers what is to be stored anew. */
export async function findLost(
  parts: CheckParts,
  points: readonly RecoveryPoint[],
  options: CheckOptions,
): Promise<LostChunks> {
  const { chunks } = parts;
  const { table } = chunks.indexes;
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const needed = await findNeeded(chunks, points, call);
  const { harms } = await checkChunks(chunks, needed.dataRows, options);
  const { harmedPacks } = await checkPacks(parts, call);
  const known = { rows: harms, packs: harmedPacks };
  const isHarmed = needed.hasHarm || harms.size + harmedPacks.size > 0;
  const harmed = isHarmed ? await findHarmedPoints(chunks, points, known, call) : [];
  const ids = new Set([...harms.keys()].map((row) => table.placeAt(row).entry.id));
  for (const packId of harmedPacks.keys()) {
    const { first, end } = table.rowsOf(packId)!;
    for (let row = first; row < end; row += 1) {
      const { id } = table.placeAt(row).entry;
      if (chunks.indexes.findAll(id).every((place) => harmedPacks.has(place.packId))) ids.add(id);
    }
  }
  return { ids, pointIds: new Set(harmed.map(({ pointId }) => pointId)) };
}
