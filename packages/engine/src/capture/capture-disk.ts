import { decideReadScope, vhdFooterBytes } from "@holdfast/domain";
import type { DiskImage, PointDisk, ReadScope } from "@holdfast/domain";
import type { ByteRange } from "@holdfast/kernel";
import {
  hasErrorCode,
  HoldfastError,
  intersectRanges,
  normalizeRanges,
  subtractRanges,
  totalLength,
} from "@holdfast/kernel";
import type { DiskCapture } from "../ports/point-store.ts";
import type { CaptureBase } from "../ports/records.ts";
import type { PageSource } from "../ports/stamp.ts";
import { openUnderLedger } from "../workflow/run-ledger.ts";
import { callOptions } from "../workflow/workflow.ts";
import type { CaptureRun } from "./capture-run.ts";
import { isKnownMissing } from "./snapshot-disk.ts";
import type { DiskSnapshot } from "./snapshot-disk.ts";

type OnProgress = NonNullable<DiskCapture["onProgress"]>;

interface ReadPlan {
  readonly scope: ReadScope;
  readonly ranges: readonly ByteRange[];
  readonly zeroRanges: readonly ByteRange[];
  readonly base: DiskImage | null;
}

/** Reads what a snapshot needs to have read, into the repository. The snapshot's access ends with the call. */
export async function captureSnapshot(
  run: CaptureRun,
  snapshot: DiskSnapshot,
  onProgress: OnProgress,
): Promise<PointDisk> {
  const { deps, options } = run;
  const { disk } = snapshot;
  const call = callOptions(options);
  await using opened = await openUnderLedger(run.ledger, snapshot.snapshotRef, () =>
    openRef(run, snapshot.snapshotRef),
  );
  const { source } = opened;
  // The blob's own length is the truth: what ARM says of an unmanaged disk's size is rounded.
  const sizeBytes = source.contentBytes - vhdFooterBytes;
  const plan = await planReading(run, snapshot, source);
  if (plan.scope.kind === "full") {
    const message = `disk '${disk.name}' is read in full: ${plan.scope.reason}`;
    options.onProgress?.({ phase: "capture", subject: disk.name, message, severity: "note" });
  }
  const captured = await deps.points.captureDisk(
    {
      source: { sizeBytes, read: (range, readOptions) => source.read(range, readOptions) },
      ranges: plan.ranges,
      zeroRanges: plan.zeroRanges,
      ...(plan.base === null ? {} : { base: plan.base }),
      onProgress,
    },
    call,
  );
  return {
    name: disk.name,
    role: disk.role,
    lun: disk.lun,
    image: captured.image,
    method: snapshot.method,
    readScope: plan.scope,
    dataAtMs: snapshot.dataAtMs,
    sourceIdentity: snapshot.sourceIdentity,
    snapshotRef: snapshot.snapshotRef,
    bytes: {
      listed: totalLength(plan.ranges) + totalLength(plan.zeroRanges),
      read: captured.readBytes,
      added: captured.addedBytes,
      stored: captured.storedBytes,
    },
  };
}

async function openRef(run: CaptureRun, ref: string): Promise<PageSource & AsyncDisposable> {
  const { stamp } = run.deps;
  const call = callOptions(run.options);
  if (!ref.includes("snapshot=")) return await stamp.openSnapshot(ref, call);
  const source = await stamp.openBlobSnapshot(ref, call);
  if (source === null) throw vanishedSnapshot(ref);
  return source;
}

async function planReading(run: CaptureRun, snapshot: DiskSnapshot, source: PageSource): Promise<ReadPlan> {
  const sizeBytes = source.contentBytes - vhdFooterBytes;
  const found = await findBase(run, snapshot);
  const scope = await decide(run, snapshot, { found, sizeBytes });
  if (scope.kind === "full" || found?.image == null) return await planFull(run, source, scope);
  try {
    await using base = await openUnderLedger(run.ledger, found.base.snapshotRef, () =>
      openRef(run, found.base.snapshotRef),
    );
    const written: ByteRange[] = [];
    const cleared: ByteRange[] = [];
    for await (const { range, kind } of source.listChanged(base.source, callOptions(run.options))) {
      (kind === "written" ? written : cleared).push(range);
    }
    const ranges = insideDisk(written, sizeBytes);
    return { scope, ranges, zeroRanges: subtractRanges(insideDisk(cleared, sizeBytes), ranges), base: found.image };
  } catch (error) {
    if (!hasErrorCode(error, "stackhub.blob.changes-refused")) throw error;
    return await planFull(run, source, { kind: "full", reason: "stamp-cannot-list-changes" });
  }
}

async function planFull(run: CaptureRun, source: PageSource, scope: ReadScope): Promise<ReadPlan> {
  const allocated: ByteRange[] = [];
  for await (const range of source.listAllocated(callOptions(run.options))) allocated.push(range);
  const ranges = insideDisk(allocated, source.contentBytes - vhdFooterBytes);
  return { scope, ranges, zeroRanges: [], base: null };
}

/** Normalised, and without the VHD footer that ends the blob. */
function insideDisk(ranges: readonly ByteRange[], sizeBytes: number): ByteRange[] {
  return intersectRanges(normalizeRanges(ranges), [{ start: 0, end: sizeBytes }]);
}

interface FoundBase {
  readonly base: CaptureBase;
  readonly image: DiskImage | null;
  readonly hasSnapshot: boolean;
}

async function findBase(run: CaptureRun, snapshot: DiskSnapshot): Promise<FoundBase | null> {
  const { stamp, records, points } = run.deps;
  const call = callOptions(run.options);
  const { backing } = snapshot.disk;
  const diskId = (backing.kind === "managed" ? backing.diskId : backing.vhdUri).toLowerCase();
  const base = await records.findBase(stamp.name, points.id, diskId);
  if (base === null) return null;
  const point = await points.findPoint(base.pointId, call);
  const image = point?.disks.find((disk) => disk.snapshotRef === base.snapshotRef)?.image ?? null;
  const hasSnapshot =
    backing.kind === "managed"
      ? (await stamp.findSnapshot(base.snapshotRef, call))?.isIncremental === true
      : await hasBlobSnapshot(run, base.snapshotRef);
  return { base, image, hasSnapshot };
}

async function hasBlobSnapshot(run: CaptureRun, ref: string): Promise<boolean> {
  const source = await run.deps.stamp.openBlobSnapshot(ref, callOptions(run.options));
  if (source === null) return false;
  await source[Symbol.asyncDispose]();
  return true;
}

async function decide(
  run: CaptureRun,
  snapshot: DiskSnapshot,
  seen: { readonly found: FoundBase | null; readonly sizeBytes: number },
): Promise<ReadScope> {
  const { deps, input } = run;
  const { found } = seen;
  const probe = await deps.records.loadProbe(deps.stamp.name);
  if (snapshot.method === "full-snapshot") {
    return { kind: "full", reason: input.forceFull === true ? "asked-for" : "stamp-cannot-list-changes" };
  }
  const capability = snapshot.method === "blob-snapshot" ? "blob-changed-ranges" : "changed-ranges";
  return decideReadScope({
    base:
      found === null ? null : { ...found.base, hasSnapshot: found.hasSnapshot, hasPointImage: found.image !== null },
    repositoryId: deps.points.id,
    disk: { sourceIdentity: snapshot.sourceIdentity, sizeBytes: seen.sizeBytes },
    canListChanges: !isKnownMissing(probe, capability),
    isFullAskedFor: input.forceFull === true,
  });
}

function vanishedSnapshot(ref: string): HoldfastError {
  return new HoldfastError({
    code: "engine.capture.snapshot-vanished",
    message: `the snapshot ${ref} is gone while it was to be read`,
    advice: "See who deletes snapshots on this stamp, then run the backup again.",
    details: { snapshotRef: ref },
  });
}
