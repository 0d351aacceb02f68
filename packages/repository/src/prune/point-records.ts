import type { RecoveryPoint } from "@holdfast/domain";
import { hasErrorCode, mapBounded } from "@holdfast/kernel";
import type { BlobOptions } from "../blob-store/blob-store.ts";
import { manifestName, readStoredPoint } from "../manifest.ts";
import type { StoredPoint } from "../manifest.ts";
import { readLatestEpoch } from "./epoch.ts";
import type { Epoch, EpochParts } from "./epoch.ts";
import { listMarks } from "./marks.ts";

/**
 * What may be done with a point: only a good one is listed and restored. A deleted one can be brought back until it is
 * expired. An unacknowledged one was published by a writer that was taken for dead: its data may be gone.
 */
export type PointStatus = "good" | "deleted" | "expired" | "unacknowledged";

export interface PointRecord extends StoredPoint {
  readonly status: PointStatus;
}

type ReadParts = Pick<EpochParts, "store" | "keys">;

/** Points that are read at a time. */
const readsAtATime = 16;

/**
 * Reads every point. `onDamage` gets points that cannot be read, or the error is raised. The marks are listed after the
 * points, and the epoch read after the marks: what is called good here was not fenced or expired before it was read.
 */
export async function readPointRecords(
  parts: ReadParts,
  options: BlobOptions & { readonly onDamage?: (error: unknown, name: string) => void } = {},
): Promise<PointRecord[]> {
  const { onDamage, signal: stop } = options;
  const call = stop === undefined ? {} : { signal: stop };
  const names = await Array.fromAsync(parts.store.list("points/", call));
  const failed: { readonly error: unknown; readonly name: string }[] = [];
  const read = await mapBounded(
    names,
    async (name, { signal }) => {
      try {
        return await readStoredPoint(parts, name, { signal });
      } catch (error) {
        failed.push({ error, name });
        return null;
      }
    },
    { limit: readsAtATime, ...call },
  );
  const deleted = new Set(await listMarks(parts, "deleted", call));
  const fenced = new Set(await listMarks(parts, "fenced", call));
  const epoch = await readLatestEpoch(parts, call);
  for (const { error, name } of failed) {
    const id = name.slice("points/".length);
    // A prune dropped it since the listing.
    const isDropped = id in epoch.expired || epoch.dropped.includes(id);
    if (isDropped && hasErrorCode(error, "repository.store.missing")) continue;
    if (onDamage === undefined) throw error;
    onDamage(error, name);
  }
  const adopted = new Set(epoch.points);
  const found = { isDeleted: (id: string) => deleted.has(id), isFenced: (id: string) => fenced.has(id), adopted };
  return read
    .filter((stored) => stored !== null)
    .map((stored) => ({ ...stored, status: statusOf(stored, epoch, found) }));
}

/** Reads one point; null where there is none. */
export async function readPointRecord(
  parts: ReadParts,
  pointId: string,
  options?: BlobOptions,
): Promise<PointRecord | null> {
  const { store } = parts;
  const name = manifestName(pointId);
  if ((await store.size(name, options)) === null) return null;
  const stored = await readStoredPoint(parts, name, options);
  const isDeleted = (await store.size(`deleted/${pointId}`, options)) !== null;
  const isFenced = stored.writerId !== null && (await store.size(`fenced/${stored.writerId}`, options)) !== null;
  const epoch = await readLatestEpoch(parts, options);
  const found = { isDeleted: () => isDeleted, isFenced: () => isFenced, adopted: new Set(epoch.points) };
  return { ...stored, status: statusOf(stored, epoch, found) };
}

/** Newest first. */
export function newestFirst(a: RecoveryPoint, b: RecoveryPoint): number {
  return b.publishedAtMs - a.publishedAtMs || (a.id < b.id ? -1 : 1);
}

function statusOf(
  { point: { id }, writerId }: StoredPoint,
  epoch: Epoch,
  found: {
    readonly isDeleted: (id: string) => boolean;
    readonly isFenced: (writerId: string) => boolean;
    readonly adopted: ReadonlySet<string>;
  },
): PointStatus {
  if (id in epoch.expired || epoch.dropped.includes(id)) return "expired";
  if (found.isDeleted(id)) return "deleted";
  if (writerId !== null && found.isFenced(writerId) && !found.adopted.has(id)) return "unacknowledged";
  return "good";
}
