import type { BlobOptions, BlobStore } from "./blob-store/blob-store.ts";
import { collectFindings } from "./check/findings.ts";
import type { Findings } from "./check/findings.ts";
import { checkPacks } from "./check/check-packs.ts";
import { checkChunks } from "./check/check-chunks.ts";
import { findHarmedPoints, findNeeded } from "./check/needed-chunks.ts";
import type { ChunkStore, RepositoryKeys } from "./chunk-store.ts";
import { checkConfig } from "./config.ts";
import { checkKeySlots } from "./keys/key-slots.ts";
import { readLatestEpoch, rulesOf } from "./prune/epoch.ts";
import { readPointRecords } from "./prune/point-records.ts";

export interface CheckOptions extends BlobOptions {
  readonly onProgress?: (progress: { readonly readBytes: number; readonly totalBytes: number }) => void;
}

export interface CheckParts {
  readonly store: BlobStore;
  readonly keys: RepositoryKeys;
  readonly chunks: ChunkStore;
  /** False in tests of stores without one. */
  readonly hasConfig?: boolean;
}

/**
 * Reads, opens and re-hashes all that every point needs; names what is damaged and the points it touches. Damage is
 * reported, never raised; what concerns the store as a whole is raised. Points whose object is gone cannot be known.
 *
 * Memory is one bit a chunk beside the index: which points a damaged chunk touches is found out by a second walk, and only
 * where there is damage.
 */
export async function checkRepository(parts: CheckParts, options: CheckOptions = {}) {
  const { chunks } = parts;
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const findings = collectFindings();
  const epoch = await readLatestEpoch(parts, call);
  await chunks.indexes.loadWhole(call);
  await chunks.indexes.setRules(rulesOf(epoch), call);
  for (const harm of chunks.indexes.damage.values()) findings.add(harm, []);
  const configHarm = parts.hasConfig === true ? await checkConfig(parts.store, parts.keys.repositoryId, call) : null;
  if (configHarm !== null) findings.add(configHarm, []);
  for (const harm of await checkKeySlots(parts.store, parts.keys, call)) findings.add(harm, []);
  const { points, pointCount } = await readPoints(parts, findings, call);
  const needed = await findNeeded(chunks, points, call);
  const { harms, spared, readBytes } = await checkChunks(chunks, needed.dataRows, options);
  const { orphanPackCount, harmedPacks } = await checkPacks(parts, call);
  if (needed.hasHarm || harms.size + harmedPacks.size > 0) {
    const known = { rows: harms, packs: harmedPacks };
    for (const { harm, pointId } of await findHarmedPoints(chunks, points, known, call)) findings.add(harm, [pointId]);
  }
  // What touches no point, because another copy is good or nobody needs it.
  for (const harm of [...harms.values(), ...spared, ...harmedPacks.values()]) findings.add(harm, []);
  const chunkCount = needed.dataRows.size;
  return { pointCount, chunkCount, readBytes, orphanPackCount, findings: findings.list() };
}

/** The points that are good; the others are nobody's business but prune's. What is damaged goes to the findings. */
export async function readPoints(parts: CheckParts, findings: Findings, call: BlobOptions) {
  let damagedCount = 0;
  const onDamage = (error: unknown, name: string): void => {
    damagedCount += 1;
    findings.addError(error, name, [name.slice("points/".length)]);
  };
  const records = await readPointRecords(parts, { ...call, onDamage });
  const points = records.filter(({ status }) => status === "good").map(({ point }) => point);
  return { points, pointCount: points.length + damagedCount };
}
