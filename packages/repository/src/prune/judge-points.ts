import type { RecoveryPoint } from "@holdfast/domain";
import { mapBounded } from "@holdfast/kernel";
import type { BlobOptions } from "../blob-store/blob-store.ts";
import { asDamage } from "../failure.ts";
import { readStoredPoint } from "../manifest.ts";
import type { StoredPoint } from "../manifest.ts";
import type { Deletion } from "./deletions.ts";
import type { Epoch, EpochParts } from "./epoch.ts";
import { listMarks, readMark } from "./marks.ts";
import { listingShort, pruneRefused } from "./prune-refusal.ts";

/** Points that are read at a time. */
const readsAtATime = 16;

export interface PointView {
  /** Points whose every chunk stays. */
  readonly living: readonly RecoveryPoint[];
  /** Points that cannot be brought back from this epoch on, and whose data was there until now. */
  readonly expiring: readonly RecoveryPoint[];
  /** Points of writers that were fenced before an epoch saw them: their data may be gone. */
  readonly unacknowledged: readonly string[];
  /** Expired points, whose objects are to go. */
  readonly dropped: readonly string[];
}

/**
 * Reads all points and marks, and decides which of them live in the epoch that is planned. Raises
 * `repository.prune.listing-short` and `repository.prune.refused`.
 */
export async function judgePoints(
  parts: EpochParts,
  latest: Epoch,
  rules: { readonly round: number; readonly graceRounds: number },
  call: BlobOptions,
): Promise<PointView> {
  const read = await mapBounded(
    parts.store.list("points/", call),
    async (name, { signal }) => [name.slice("points/".length), await readOrNull(parts, name, { signal })] as const,
    { limit: readsAtATime, ...call },
  );
  const stored = new Map(read);
  const deleted = new Set(await listMarks(parts, "deleted", call));
  const held = new Set(await listMarks(parts, "holds", call));
  for (const id of latest.points) if (!stored.has(id) && !deleted.has(id)) throw listingShort(`points/${id}`);
  const known = new Set(latest.points);
  const dropped = new Set(latest.dropped);
  const fenced = new Set(latest.fenced);
  const view = {
    living: [] as RecoveryPoint[],
    expiring: [] as RecoveryPoint[],
    unacknowledged: [] as string[],
    dropped: [] as string[],
  };
  for (const [id, found] of stored) {
    // What an epoch dropped and a lock kept is dropped again.
    if (dropped.has(id) || (id in latest.expired && deleted.has(id))) {
      view.dropped.push(id);
      continue;
    }
    const isUnacknowledged = found?.writerId != null && fenced.has(found.writerId) && !known.has(id);
    if (isUnacknowledged) {
      view.unacknowledged.push(id);
      continue;
    }
    const mark = deleted.has(id) && !held.has(id) ? await readMark<Deletion>(parts, `deleted/${id}`, call) : null;
    const isOver = mark !== null && (mark.why !== "asked for" || rules.round - mark.round > rules.graceRounds);
    // A damaged point that nobody wants any more needs no reading.
    if (found === null && isOver) view.unacknowledged.push(id);
    else if (found === null) throw pruneRefused(await damageOf(parts, id, call));
    else (isOver ? view.expiring : view.living).push(found.point);
  }
  for (const id of deleted) if (!stored.has(id) && (await isStray(parts, id, call))) view.dropped.push(id);
  return view;
}

/** True of a mark whose point is gone: every mark is put after its point was seen, so the point is not still to come. */
async function isStray({ store }: EpochParts, id: string, call: BlobOptions): Promise<boolean> {
  return (await store.size(`points/${id}`, call)) === null;
}

async function readOrNull(parts: EpochParts, name: string, call: BlobOptions): Promise<StoredPoint | null> {
  try {
    return await readStoredPoint(parts, name, call);
  } catch (error) {
    if (asDamage(error, name) === null) throw error;
    return null;
  }
}

async function damageOf(parts: EpochParts, id: string, call: BlobOptions): Promise<unknown> {
  try {
    await readStoredPoint(parts, `points/${id}`, call);
    return undefined;
  } catch (error) {
    return error;
  }
}
