import { judgeDeletion } from "@holdfast/domain";
import type { DeletablePoint, DeletionConcern, RecoveryPoint } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import type { BlobOptions } from "../blob-store/blob-store.ts";
import { asDamage } from "../failure.ts";
import { manifestName } from "../manifest.ts";
import { readLatestEpoch } from "./epoch.ts";
import type { EpochParts } from "./epoch.ts";
import { listMarks, putMark, readMark } from "./marks.ts";
import { newestFirst, readPointRecord, readPointRecords } from "./point-records.ts";

/** What `deleted/<point>` says. */
export interface Deletion {
  /** The prune that was the last one when the point was deleted. */
  readonly round: number;
  /** Only what was asked for can be brought back. */
  readonly why: "asked for" | "withdrawn" | "unacknowledged";
}

export interface DeleteOptions extends BlobOptions {
  /** Whether somebody agreed a second time to what is found to be of concern. Nothing agrees to the deletion of what is held. */
  readonly hasConsent?: boolean;
}

export interface DeletedPoint {
  readonly point: RecoveryPoint;
  /** The prune that was the last one when it was deleted. */
  readonly round: number;
  /** The last prune there was. */
  readonly latestRound: number;
}

/** Deleting points, bringing them back and holding them. Nothing of their data is touched: that is for prune. */
export function createDeletions(parts: EpochParts) {
  return { ...createDeletes(parts), ...createUndeletes(parts), ...createHolds(parts) };
}

function createDeletes(parts: EpochParts) {
  /** Answers what speaks against the deletion of points; points that cannot be read are found by their id alone. */
  const judge = async (pointIds: readonly string[], options?: BlobOptions): Promise<DeletionConcern[]> => {
    const damaged: string[] = [];
    const onDamage = (error: unknown, name: string): void => {
      if (asDamage(error, name) === null) throw error;
      damaged.push(name.slice("points/".length));
    };
    const records = await readPointRecords(parts, { ...plain(options), onDamage });
    const held = new Set(await listMarks(parts, "holds", options));
    const good = records
      .filter(({ status }) => status === "good")
      .map(({ point }) => deletable(point, held.has(point.id)));
    const epoch = await readLatestEpoch(parts, options);
    const known = new Set([...records.map(({ point }) => point.id), ...damaged, ...epoch.points]);
    for (const id of pointIds) if (!known.has(id)) throw unknownPoint(id);
    const concerns = judgeDeletion(good, new Set(pointIds));
    const lost = pointIds.filter((id) => held.has(id) && !good.some((point) => point.id === id));
    return lost.length === 0 ? concerns : [{ kind: "held", pointIds: lost }, ...concerns];
  };
  return {
    judgeDeletion: judge,
    /**
     * Hides points; prune frees their data once the margin is over. Raises `repository.delete.held`,
     * `repository.delete.needs-consent` and `repository.point.unknown`.
     */
    async deletePoints(
      pointIds: readonly string[],
      { hasConsent = false, ...options }: DeleteOptions = {},
    ): Promise<void> {
      const concerns = await judge(pointIds, options);
      const held = concerns.find(({ kind }) => kind === "held");
      if (held !== undefined) throw pointHeld(held.kind === "held" ? held.pointIds : []);
      if (concerns.length > 0 && !hasConsent) throw needsConsent(concerns);
      const { round } = await readLatestEpoch(parts, options);
      for (const id of pointIds) await putMark(parts, `deleted/${id}`, { round, why: "asked for" }, options);
    },
  };
}

function createUndeletes(parts: EpochParts) {
  const { store } = parts;
  return {
    /** Brings a deleted point back; raises `repository.point.not-deleted` and `repository.point.expired`. */
    async undeletePoint(pointId: string, options?: BlobOptions): Promise<void> {
      const name = `deleted/${pointId}` as const;
      manifestName(pointId);
      const mark = await readMark<Deletion>(parts, name, options);
      if (mark === null) throw notDeleted(pointId);
      const isExpired = async (): Promise<boolean> => pointId in (await readLatestEpoch(parts, options)).expired;
      const isGone = mark.why !== "asked for" || (await store.size(manifestName(pointId), options)) === null;
      if (isGone || (await isExpired())) throw pointExpired(pointId);
      await store.delete(name, options);
      // A prune that did not see the mark go lets the point live on; one that did has said so by now.
      if (!(await isExpired()) && (await store.size(manifestName(pointId), options)) !== null) return;
      await putMark(parts, name, mark, options);
      throw pointExpired(pointId);
    },
    /** Deleted points that can still be brought back, newest first. */
    async listDeleted(options?: BlobOptions): Promise<DeletedPoint[]> {
      const found: DeletedPoint[] = [];
      const { round: latestRound } = await readLatestEpoch(parts, options);
      for (const { point, status } of await readPointRecords(parts, plain(options))) {
        if (status !== "deleted") continue;
        const mark = await readMark<Deletion>(parts, `deleted/${point.id}`, options);
        if (mark?.why === "asked for") found.push({ point, round: mark.round, latestRound });
      }
      return found.sort((a, b) => newestFirst(a.point, b.point));
    },
  };
}

function createHolds(parts: EpochParts) {
  const { store } = parts;
  return {
    /** Keeps a point from being deleted; raises `repository.point.unknown` where there is no good one of this id. */
    async holdPoint(pointId: string, why: string, options?: BlobOptions): Promise<void> {
      if ((await readPointRecord(parts, pointId, options))?.status !== "good") throw unknownPoint(pointId);
      await putMark(parts, `holds/${pointId}`, { why }, options);
    },
    async releasePoint(pointId: string, options?: BlobOptions): Promise<void> {
      manifestName(pointId);
      await store.delete(`holds/${pointId}`, options);
    },
    /** Why points are held, by point. */
    async listHolds(options?: BlobOptions): Promise<Map<string, string>> {
      const holds = new Map<string, string>();
      for (const id of await listMarks(parts, "holds", options)) {
        const mark = await readMark<{ readonly why: string }>(parts, `holds/${id}`, options);
        if (mark !== null) holds.set(id, mark.why);
      }
      return holds;
    },
  };
}

function plain(options?: BlobOptions): BlobOptions {
  return options?.signal === undefined ? {} : { signal: options.signal };
}

function deletable(point: RecoveryPoint, isHeld: boolean): DeletablePoint {
  const bytes = point.disks.reduce((total, disk) => total + disk.bytes.stored, 0);
  return { id: point.id, instanceKey: `${point.stampName} ${point.instance.id}`.toLowerCase(), bytes, isHeld };
}

function unknownPoint(pointId: string): HoldfastError {
  return new HoldfastError({
    code: "repository.point.unknown",
    message: `there is no recovery point ${pointId}`,
    advice: "List the points and give the whole id.",
    details: { pointId },
  });
}

function pointHeld(pointIds: readonly string[]): HoldfastError {
  return new HoldfastError({
    code: "repository.delete.held",
    message: `held and not to be deleted: ${pointIds.join(", ")}`,
    advice: "Release the hold first, if whoever put it agrees.",
    details: { pointIds: pointIds.join(",") },
  });
}

function needsConsent(concerns: readonly DeletionConcern[]): HoldfastError {
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const reasons = concerns.map((concern) => {
    if (concern.kind === "last-good") return `the last good point of ${concern.instanceKeys.length} VMs would go`;
    if (concern.kind === "large-share")
      return `${percent(concern.ofPoints)} of the points and ${percent(concern.ofBytes)} of their bytes would go`;
    return `${concern.pointIds.length} are held`;
  });
  return new HoldfastError({
    code: "repository.delete.needs-consent",
    message: `this deletion needs a second consent: ${reasons.join("; ")}`,
    advice: "Look at the list again. If it is meant, give the consent that the command asks for.",
    details: { concerns: concerns.map(({ kind }) => kind).join(",") },
  });
}

function notDeleted(pointId: string): HoldfastError {
  return new HoldfastError({
    code: "repository.point.not-deleted",
    message: `point ${pointId} is not deleted`,
    advice: "List the deleted points to see which can be brought back.",
    details: { pointId },
  });
}

function pointExpired(pointId: string): HoldfastError {
  return new HoldfastError({
    code: "repository.point.expired",
    message: `point ${pointId} cannot be brought back: its margin is over, or it was never good`,
    advice: "Restore another point. A second copy of the repository may have it still.",
    details: { pointId },
  });
}
