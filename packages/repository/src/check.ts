import { HoldfastError, mapBounded } from "@holdfast/kernel";
import type { RecoveryPoint } from "@holdfast/domain";
import type { BlobOptions, BlobStore } from "./blob-store/blob-store.ts";
import { checkPacks } from "./check-packs.ts";
import { joinRuns } from "./chunk-runs.ts";
import type { ChunkRun } from "./chunk-runs.ts";
import { chunkFailed } from "./chunk-store.ts";
import type { ChunkStore, RepositoryKeys } from "./chunk-store.ts";
import { asDamage, damagedChunk, missingChunk } from "./failure.ts";
import { packName } from "./format/pack.ts";
import type { ChunkPlace } from "./index-set.ts";
import { readManifest } from "./manifest.ts";
import { walkTree } from "./tree/disk-tree.ts";
import { createNodeReader } from "./tree/node-reader.ts";

export interface CheckOptions extends BlobOptions {
  readonly onProgress?: (progress: { readonly readBytes: number; readonly totalBytes: number }) => void;
}

export interface Finding {
  readonly code: string;
  readonly object: string;
  readonly message: string;
  readonly pointIds: readonly string[];
}

interface CheckParts {
  readonly store: BlobStore;
  readonly keys: RepositoryKeys;
  readonly chunks: ChunkStore;
}

/** Chunks that points need: how many bytes each holds, and the points that need it. */
type Users = Map<string, { readonly length: number; readonly pointIds: Set<string> }>;

/**
 * Reads, opens and re-hashes all that every point needs; names what is damaged and the points it touches. Damage is
 * reported, never raised; what concerns the store as a whole is raised. Points whose object is gone cannot be known.
 */
export async function checkRepository(parts: CheckParts, options: CheckOptions = {}) {
  const { store, chunks } = parts;
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const findings = collectFindings();
  await chunks.indexes.refresh(call);
  for (const harm of chunks.indexes.damage.values()) findings.add(harm, []);
  const points: RecoveryPoint[] = [];
  let pointCount = 0;
  for await (const name of store.list("points/", call)) {
    pointCount += 1;
    try {
      points.push(await readManifest(parts, name, call));
    } catch (error) {
      findings.add(damageOf(error, name), [name.slice("points/".length)], name);
    }
  }
  const users = await findUsers(parts, points, { ...call, findings });
  const readBytes = await readChunks(parts, users, { ...options, findings });
  const usersOf = pointsByPack(chunks, users);
  const orphanPackCount = await checkPacks(parts, {
    ...call,
    report: (harm, packId) => findings.add(harm, usersOf(packId)),
  });
  return { pointCount, chunkCount: users.size, readBytes, orphanPackCount, findings: findings.list() };
}

interface Findings {
  /** Joins findings of one kind on one object. */
  add(harm: HoldfastError, pointIds: Iterable<string>, object?: string): void;
  list(): Finding[];
}

function collectFindings(): Findings {
  const found = new Map<string, Finding>();
  return {
    add(harm, pointIds, fallback = "repository") {
      const { code, message, details } = harm;
      const object = typeof details["object"] === "string" ? details["object"] : fallback;
      const key = `${code} ${object}`;
      const known = found.get(key);
      found.set(key, {
        code,
        object,
        message: known?.message ?? message,
        pointIds: [...new Set([...(known?.pointIds ?? []), ...pointIds])],
      });
    },
    list: () => [...found.values()],
  };
}

function damageOf(error: unknown, object: string): HoldfastError {
  const harm = asDamage(error, object);
  if (harm === null) throw error;
  return harm;
}

async function findUsers(
  { chunks }: CheckParts,
  points: readonly RecoveryPoint[],
  { findings, ...call }: BlobOptions & { readonly findings: Findings },
): Promise<Users> {
  const users: Users = new Map();
  const nodes = createNodeReader(chunks);
  for (const point of points) {
    for (const { image } of point.disks) {
      const onLost = (harm: HoldfastError): void => findings.add(harm, [point.id]);
      const found = walkTree(nodes, image, { start: 0, end: image.sizeBytes }, { ...call, onLost });
      for await (const { id, kind, range } of found) {
        if (kind === "node") continue;
        const user = users.get(id) ?? { length: range.end - range.start, pointIds: new Set() };
        users.set(id, user);
        user.pointIds.add(point.id);
      }
    }
  }
  return users;
}

async function readChunks(
  { chunks }: CheckParts,
  users: Users,
  options: CheckOptions & { readonly findings: Findings },
): Promise<number> {
  const { findings, onProgress } = options;
  const call = options.signal === undefined ? {} : { signal: options.signal };
  let totalBytes = 0;
  for (const user of users.values()) totalBytes += user.length;
  let readBytes = 0;
  const { places, lostOf } = locateAll(chunks, users, findings);
  const readRun = async ({ packId, entries }: ChunkRun): Promise<void> => {
    const userOf = (i: number): Iterable<string> => users.get(entries[i]!.id)?.pointIds ?? [];
    try {
      const failures = await chunks.open({ packId, entries }, null, call);
      for (const [i, failure] of failures.entries()) {
        if (failure === null) readBytes += entries[i]!.plainBytes;
        else findings.add(chunkFailed(packId, entries[i]!.id, failure), userOf(i));
      }
    } catch (error) {
      const harm = damageOf(error, packName(packId));
      for (const i of entries.keys()) findings.add(harm, userOf(i));
    }
    onProgress?.({ readBytes, totalBytes });
  };
  await mapBounded(joinRuns(places), readRun, { limit: 8, ...call });
  // A lost index takes thousands of chunks with it: one finding a point says as much as one a chunk.
  for (const [pointId, count] of lostOf)
    findings.add(missingChunk(`points/${pointId}`, `no readable index names ${count} of its chunks`), [pointId]);
  return readBytes;
}

/** Answers where the chunks are, in the order of the packs, and how many of each point are nowhere. */
function locateAll(chunks: ChunkStore, users: Users, findings: Findings) {
  const lostOf = new Map<string, number>();
  const places: ChunkPlace[] = [];
  for (const [id, { length, pointIds }] of users) {
    const place = chunks.indexes.find(id);
    if (place === undefined) for (const pointId of pointIds) lostOf.set(pointId, (lostOf.get(pointId) ?? 0) + 1);
    else {
      places.push(place);
      const { kind, plainBytes } = place.entry;
      if (kind !== "data" || plainBytes !== length)
        findings.add(damagedChunk(packName(place.packId), `chunk ${id} is not what a point expects`), pointIds);
    }
  }
  places.sort((a, b) => (a.packId === b.packId ? a.entry.offset - b.entry.offset : a.packId < b.packId ? -1 : 1));
  return { places, lostOf };
}

function pointsByPack(chunks: ChunkStore, users: Users): (packId: string) => Iterable<string> {
  const byPack = new Map<string, Set<string>>();
  for (const [id, { pointIds }] of users) {
    const packId = chunks.indexes.find(id)?.packId;
    if (packId === undefined) continue;
    const points = byPack.get(packId) ?? new Set();
    byPack.set(packId, points);
    for (const pointId of pointIds) points.add(pointId);
  }
  return (packId) => byPack.get(packId) ?? [];
}
