import type { DiskImage, RecoveryPoint } from "@holdfast/domain";
import type { ByteRange } from "@holdfast/kernel";
import type { BlobOptions } from "../blob-store/blob-store.ts";
import { readPoints } from "../check.ts";
import type { CheckOptions, CheckParts } from "../check.ts";
import { checkConfig, encodeConfig } from "../config.ts";
import { collectFindings } from "../check/findings.ts";
import { asDamage } from "../failure.ts";
import { readStoredPoint } from "../manifest.ts";
import type { Writers } from "../prune/writers.ts";
import { openStoredDisk } from "../stored-disk.ts";
import { findLost } from "./find-lost.ts";
import { healDisk } from "./heal-disk.ts";
import type { HealSource } from "./heal-disk.ts";

type StoredDisk = ReturnType<typeof openStoredDisk>;

/** What is asked of a repository that points were copied to, or from. */
export interface HealCopy {
  findPoint(pointId: string, options?: BlobOptions): Promise<RecoveryPoint | null>;
  openDisk(image: DiskImage, options?: BlobOptions): Promise<StoredDisk>;
  listDifferences(
    images: { readonly before: DiskImage | null; readonly after: DiskImage },
    options?: BlobOptions,
  ): Promise<{ readonly ranges: readonly ByteRange[] }>;
}

/** The damaged repository. */
export interface HealParts extends CheckParts {
  readonly own: Pick<HealCopy, "listDifferences"> & {
    readonly id: string;
    captureDisk(
      capture: { readonly source: StoredDisk; readonly ranges: readonly ByteRange[] },
      options?: BlobOptions,
    ): Promise<{ readonly image: DiskImage }>;
    publishPoint(point: RecoveryPoint, options?: BlobOptions): Promise<void>;
  };
  readonly writers: Pick<Writers, "publish">;
}

export interface HealReport {
  /** The config was damaged or gone, and is written again. */
  readonly isConfigHealed: boolean;
  /** Points whose own object was damaged, published again. */
  readonly healedPointIds: readonly string[];
  /** Chunks and nodes that were stored anew. */
  readonly healedChunkCount: number;
  readonly storedBytes: number;
  /** What no copy could give back. */
  readonly unhealed: readonly { readonly object: string; readonly reason: string; readonly pointId: string }[];
}

/**
 * Stores anew what a check finds damaged or missing, from copies of the points that need it. Damaged objects stay where they are:
 * readers take the new ones. Only the object of a point that does not open is deleted, after all that the point needs is
 * durable, because its name is needed. Done again after a kill, it goes on with what is left.
 */
export async function healRepository(
  parts: HealParts,
  copies: readonly HealCopy[],
  options: CheckOptions = {},
): Promise<HealReport> {
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const { chunks } = parts;
  await chunks.indexes.loadWhole(call);
  const unhealed: HealReport["unhealed"][number][] = [];
  const healedPointIds = await healManifests(parts, copies, unhealed, call);
  const { points } = await readPoints(parts, collectFindings(), call);
  const isConfigHealed = await healConfig(parts, points.length > 0, call);
  const lost = await findLost(parts, points, options);
  const harmed = points.filter(({ id }) => lost.pointIds.has(id));
  if (harmed.length === 0) return { isConfigHealed, healedPointIds, healedChunkCount: 0, storedBytes: 0, unhealed };
  const healed = await parts.writers.publish(
    async (writerId) => await healPoints(parts, copies, { harmed, lost: lost.ids, writerId }, call),
    [],
    call,
  );
  return { ...healed, isConfigHealed, healedPointIds, unhealed: [...unhealed, ...healed.unhealed] };
}

/** Writes the config again from the name that a key slot's seal covers; only where a point opens under these keys. */
async function healConfig({ store, keys, hasConfig }: HealParts, isProven: boolean, call: BlobOptions) {
  if (hasConfig !== true || !isProven || (await checkConfig(store, keys.repositoryId, call)) === null) return false;
  await store.delete("config", call);
  await store.put("config", encodeConfig(keys.repositoryId), call);
  return true;
}

async function healPoints(
  parts: HealParts,
  copies: readonly HealCopy[],
  order: { readonly harmed: readonly RecoveryPoint[]; readonly lost: Set<string>; readonly writerId: string },
  call: BlobOptions,
): Promise<Omit<HealReport, "healedPointIds" | "isConfigHealed">> {
  let healedChunkCount = 0;
  let storedBytes = 0;
  const givenUp = new Map<string, HealReport["unhealed"][number]>();
  for (const point of order.harmed) {
    for (const [i, disk] of point.disks.entries()) {
      const sources = [...(await findSources(copies, point, i, call)), ownSource(parts, disk.image)];
      const done = await healDisk(parts.chunks, disk.image, { ...order, sources }, call);
      for (const id of done.healed) {
        order.lost.delete(id);
        givenUp.delete(id);
      }
      for (const { id, reason } of done.unhealed) givenUp.set(id, { object: `chunk ${id}`, reason, pointId: point.id });
      healedChunkCount += done.healed.length;
      storedBytes += done.storedBytes;
    }
  }
  return { healedChunkCount, storedBytes, unhealed: [...givenUp.values()] };
}

/** Publishes points again whose objects hold something else than was written. */
async function healManifests(
  parts: HealParts,
  copies: readonly HealCopy[],
  unhealed: HealReport["unhealed"][number][],
  call: BlobOptions,
): Promise<string[]> {
  const findings = collectFindings();
  await readPoints(parts, findings, call);
  const healed: string[] = [];
  for (const pointId of await listUnfinished(parts, call)) {
    const reason = await bringBack(parts, copies, pointId, call);
    if (reason === null) healed.push(pointId);
    else unhealed.push({ object: `points/${pointId}`, reason, pointId });
  }
  for (const { code, object, message, pointIds } of findings.list()) {
    const pointId = pointIds[0] ?? object;
    // What cannot be read now may be whole: it is not deleted.
    const isCertain = code === "repository.manifest.damaged";
    const reason = isCertain ? await bringBack(parts, copies, pointId, call) : message;
    if (reason === null) healed.push(pointId);
    else unhealed.push({ object, reason, pointId });
  }
  return healed;
}

/** Answers null where the point is published again, else why not. */
async function bringBack(
  { own, store }: HealParts,
  copies: readonly HealCopy[],
  pointId: string,
  call: BlobOptions,
): Promise<string | null> {
  let reason = "no copy has this point";
  for (const copy of copies) {
    try {
      const point = await copy.findPoint(pointId, call);
      if (point === null) continue;
      const disks = [];
      for (const disk of point.disks) {
        const { ranges } = await copy.listDifferences({ before: null, after: disk.image }, call);
        const { image } = await own.captureDisk({ source: await copy.openDisk(disk.image, call), ranges }, call);
        disks.push({ ...disk, image });
      }
      const { origin, ...rest } = point;
      const isHome = origin?.repositoryId === own.id;
      const again = { ...rest, disks, ...(origin === undefined || isHome ? {} : { origin }) };
      await replaceManifest({ own, store }, again, call);
      return null;
    } catch (error) {
      const harm = asDamage(error, `points/${pointId}`);
      if (harm === null) throw error;
      reason = harm.message;
    }
  }
  return reason;
}

const markPrefix = "point-heals/";

/** A mark says that the point is to be, while its object is not: a kill between the two must not lose it. */
async function replaceManifest(
  { own, store }: Pick<HealParts, "own" | "store">,
  point: RecoveryPoint,
  call: BlobOptions,
): Promise<void> {
  const mark = `${markPrefix}${point.id}`;
  if ((await store.size(mark, call)) === null) await store.put(mark, Buffer.from("HFHEAL01"), call);
  await store.delete(`points/${point.id}`, call);
  await own.publishPoint(point, call);
  await store.delete(mark, call);
}

/** Points whose object an earlier heal deleted without publishing it again. */
async function listUnfinished({ store, keys }: HealParts, call: BlobOptions): Promise<string[]> {
  const unfinished: string[] = [];
  for await (const mark of store.list(markPrefix, call)) {
    const pointId = mark.slice(markPrefix.length);
    if ((await store.size(`points/${pointId}`, call)) === null) unfinished.push(pointId);
    else if (await isReadable({ store, keys }, pointId, call)) await store.delete(mark, call);
  }
  return unfinished;
}

async function isReadable(parts: Pick<HealParts, "store" | "keys">, pointId: string, call: BlobOptions) {
  try {
    await readStoredPoint(parts, `points/${pointId}`, call);
    return true;
  } catch (error) {
    if (asDamage(error, `points/${pointId}`) === null) throw error;
    return false;
  }
}

/** The damaged disk itself: what is at risk but can still be read needs no copy. */
function ownSource({ own, chunks }: HealParts, image: DiskImage): HealSource {
  return {
    disk: openStoredDisk(chunks, image),
    mayHave: (id) => chunks.indexes.has(id),
    listAllocated: async () => (await own.listDifferences({ before: null, after: image })).ranges,
  };
}

async function findSources(
  copies: readonly HealCopy[],
  point: RecoveryPoint,
  diskIndex: number,
  call: BlobOptions,
): Promise<HealSource[]> {
  const sources: HealSource[] = [];
  for (const copy of copies) {
    const image = (await findReadable(copy, point.id, call))?.disks[diskIndex]?.image;
    if (image === undefined || image.sizeBytes !== point.disks[diskIndex]!.image.sizeBytes) continue;
    let ranges: Promise<readonly ByteRange[]> | undefined;
    sources.push({
      disk: await copy.openDisk(image, call),
      listAllocated: () =>
        (ranges ??= copy.listDifferences({ before: null, after: image }, call).then((found) => found.ranges)),
    });
  }
  return sources;
}

/** A copy may be damaged too: then it is no source of that point. */
async function findReadable(copy: HealCopy, pointId: string, call: BlobOptions): Promise<RecoveryPoint | null> {
  try {
    return await copy.findPoint(pointId, call);
  } catch (error) {
    if (asDamage(error, `points/${pointId}`) === null) throw error;
    return null;
  }
}
