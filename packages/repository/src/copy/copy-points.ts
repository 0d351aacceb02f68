import type { DiskImage, PointDisk, RecoveryPoint } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import type { Clock } from "@holdfast/kernel";
import type { BlobOptions } from "../blob-store/blob-store.ts";
import { asDamage } from "../failure.ts";
import type { createPointStore } from "../point-store.ts";

export type OpenPoints = ReturnType<typeof createPointStore>;

export interface CopyProgress {
  readonly pointId: string;
  readonly diskName: string;
  readonly readBytes: number;
  readonly totalBytes: number;
}

export interface CopyOptions extends BlobOptions {
  readonly clock: Clock;
  readonly onProgress?: (progress: CopyProgress) => void;
}

export type CopiedPoint =
  | {
      readonly kind: "copied";
      readonly pointId: string;
      /** Bytes read from the source; those that the target had already are read, but do not travel. */
      readonly readBytes: number;
      readonly storedBytes: number;
      /** True where only the difference to a point that was copied before was read, for every disk. */
      readonly isIncremental: boolean;
    }
  | { readonly kind: "already-there"; readonly pointId: string }
  | { readonly kind: "failed"; readonly pointId: string; readonly error: HoldfastError };

/**
 * Copies points from one open repository to another, oldest first, each whole or not at all. Chunks are opened, checked
 * against their ids, named by the target's key, and sealed anew, so the repositories share no key. Points keep their ids and say
 * where they come from. A point that is damaged in the source fails alone. Done again after a kill, it stores nothing
 * twice whose index was durable.
 */
export async function* copyPoints(
  source: OpenPoints,
  target: OpenPoints,
  points: readonly RecoveryPoint[],
  options: CopyOptions,
): AsyncGenerator<CopiedPoint> {
  if (source.id === target.id) {
    throw new HoldfastError({
      code: "repository.copy.same",
      message: "the source and the target are the same repository",
      advice: "Name another repository to copy to.",
      details: { repositoryId: source.id },
    });
  }
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const bases = await findBases(source, target, call);
  for (const point of points.toSorted((a, b) => a.publishedAtMs - b.publishedAtMs)) {
    options.signal?.throwIfAborted();
    const there = await target.findPoint(point.id, call);
    if (there !== null) {
      yield isSamePoint(point, there)
        ? { kind: "already-there", pointId: point.id }
        : { kind: "failed", pointId: point.id, error: otherPoint(point.id) };
      continue;
    }
    try {
      yield await copyPoint({ source, target, bases }, point, options);
    } catch (error) {
      const harm = asDamage(error, `points/${point.id}`);
      if (harm === null) throw error;
      yield { kind: "failed", pointId: point.id, error: harm };
    }
  }
}

/** A disk that both repositories have: what its image is called in each. */
interface Base {
  readonly inSource: DiskImage;
  readonly inTarget: DiskImage;
}

interface Copying {
  readonly source: OpenPoints;
  readonly target: OpenPoints;
  /** By disk: the one of the latest point that was copied. */
  readonly bases: Map<string, Base>;
}

async function copyPoint(
  { source, target, bases }: Copying,
  point: RecoveryPoint,
  options: CopyOptions,
): Promise<CopiedPoint> {
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const disks: PointDisk[] = [];
  const found: [string, Base][] = [];
  let readBytes = 0;
  let storedBytes = 0;
  let isIncremental = true;
  for (const disk of point.disks) {
    const key = diskKey(point, disk);
    const known = bases.get(key);
    const base = known?.inSource.sizeBytes === disk.image.sizeBytes ? known : undefined;
    isIncremental &&= base !== undefined;
    const from = await source.openDisk(disk.image, call);
    const { ranges, zeroRanges } = await source.listDifferences(
      { before: base?.inSource ?? null, after: disk.image },
      call,
    );
    const captured = await target.captureDisk(
      {
        source: from,
        ranges,
        ...(base === undefined ? {} : { base: base.inTarget, zeroRanges }),
        onProgress: (progress) => options.onProgress?.({ pointId: point.id, diskName: disk.name, ...progress }),
      },
      call,
    );
    readBytes += captured.readBytes;
    storedBytes += captured.storedBytes;
    disks.push({ ...disk, image: captured.image });
    found.push([key, { inSource: disk.image, inTarget: captured.image }]);
  }
  await target.publishPoint(originated(point, disks, { source, target, atMs: options.clock.now() }), call);
  for (const [key, base] of found) bases.set(key, base);
  return { kind: "copied", pointId: point.id, readBytes, storedBytes, isIncremental };
}

/** A point that comes home says nothing of the way; one that is copied on still names the repository that captured it. */
function originated(
  point: RecoveryPoint,
  disks: readonly PointDisk[],
  { source, target, atMs }: { readonly source: OpenPoints; readonly target: OpenPoints; readonly atMs: number },
): RecoveryPoint {
  const { origin, ...rest } = point;
  const repositoryId = origin?.repositoryId ?? source.id;
  if (repositoryId === target.id) return { ...rest, disks };
  return { ...rest, disks, origin: { repositoryId, copiedAtMs: atMs } };
}

/** What was copied before, from points that both have; of each disk the latest. */
async function findBases(source: OpenPoints, target: OpenPoints, call: BlobOptions): Promise<Map<string, Base>> {
  const bases = new Map<string, Base>();
  const there = new Map<string, RecoveryPoint>();
  for await (const point of target.readPoints(call)) there.set(point.id, point);
  const common: RecoveryPoint[] = [];
  for await (const point of source.readPoints(call)) if (there.has(point.id)) common.push(point);
  for (const point of common.toSorted((a, b) => a.publishedAtMs - b.publishedAtMs)) {
    const copy = there.get(point.id)!;
    if (!isSamePoint(point, copy)) continue;
    for (const [i, disk] of point.disks.entries())
      bases.set(diskKey(point, disk), { inSource: disk.image, inTarget: copy.disks[i]!.image });
  }
  return bases;
}

/** The same disk of the same VM; its size is compared apart from that. */
function diskKey(point: RecoveryPoint, disk: PointDisk): string {
  return JSON.stringify([point.stampName, point.instance?.id ?? "", disk.name ?? "", disk.lun ?? ""]);
}

function isSamePoint(one: RecoveryPoint, other: RecoveryPoint): boolean {
  const shape = ({ id, publishedAtMs, stampName, disks }: RecoveryPoint): string =>
    JSON.stringify([id, publishedAtMs, stampName, disks.map(({ name, image }) => [name, image.sizeBytes])]);
  return shape(one) === shape(other);
}

function otherPoint(pointId: string): HoldfastError {
  return new HoldfastError({
    code: "repository.point.exists",
    message: `the target has another point with the id ${pointId}`,
    advice: "Copy to another repository.",
    details: { pointId },
  });
}
