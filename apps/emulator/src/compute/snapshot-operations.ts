import { totalLength } from "@holdfast/kernel";
import { ArmError, type OperationHandler, type StampServices } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import type { PageVolume } from "../pages/page-store.ts";
import { notFound } from "./compute-errors.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { familyOf } from "./disk-grants.ts";
import { cloneDiskVolume, releaseVolume, type VolumeSource } from "./disk-volumes.ts";
import { presentSnapshot, requireSnapshotDeletable, snapshotType } from "./snapshots.ts";

/** Bytes that a snapshot counts for: pages changed since the one before in its family, else all that are written. */
function usedBytes(snapshot: ArmResource, volume: PageVolume, snapshotId: string, stamp: StampServices): number {
  const family = familyOf(snapshot);
  const before = stamp.resources
    .list(snapshotType, "")
    .filter((one) => family !== undefined && familyOf(one) === family)
    .map((one) => one.hidden?.["snapshotId"] as string | undefined)
    .reduce((newest, id) => (id !== undefined && id < snapshotId && id > (newest ?? "") ? id : newest), undefined);
  const changes = before === undefined ? undefined : volume.listChanges(before, snapshotId);
  if (changes !== undefined) return totalLength(changes.written);
  return totalLength(volume.openSnapshot(snapshotId)?.listWritten() ?? []);
}

/** The snapshot that follows one in its family: what the one held for it counts for it once the one is gone. */
function nextInFamily(snapshot: ArmResource, stamp: StampServices): ArmResource | undefined {
  const family = familyOf(snapshot);
  const idOf = (one: ArmResource): string => (one.hidden?.["snapshotId"] as string | undefined) ?? "";
  const later = stamp.resources
    .list(snapshotType, "")
    .filter((one) => family !== undefined && familyOf(one) === family && idOf(one) > idOf(snapshot));
  return later.toSorted((one, other) => (idOf(one) < idOf(other) ? -1 : 1))[0];
}

/** Counts a snapshot anew after the one before it was deleted. */
async function recount(snapshot: ArmResource, deps: ComputeDeps, stamp: StampServices): Promise<void> {
  const { volumeId, snapshotId } = (snapshot.hidden ?? {}) as Partial<VolumeSource>;
  const volume = volumeId === undefined ? undefined : deps.pages.open(volumeId);
  if (volume === undefined || snapshotId === undefined) return;
  const hidden = { ...snapshot.hidden, usedBytes: usedBytes(snapshot, volume, snapshotId, stamp) };
  await stamp.resources.put({ ...snapshot, hidden });
}

/**
 * Freezes the content of the source. A disk's snapshot is a snapshot of its own volume, so that the changes between two of
 * them are exact. A copy of a managed snapshot is the same frozen content under another name. A blob is cloned first: its
 * volume lives and dies by the rules of tenant storage.
 */
async function freeze(
  snapshot: ArmResource,
  deps: ComputeDeps,
  stamp: StampServices,
): Promise<{ volumeId: string; snapshotId: string }> {
  const { source, ownId } = snapshot.hidden as { source: VolumeSource; ownId: string };
  const creation = snapshot.properties["creationData"] as { createOption: string; sourceResourceId?: string };
  if (creation.createOption === "Import") {
    await cloneDiskVolume(deps, stamp, { id: ownId }, source);
    const own = deps.pages.open(ownId);
    if (own === undefined) throw new Error(`volume ${ownId} vanished while it was made`);
    return { volumeId: ownId, snapshotId: await own.snapshot() };
  }
  const volume = deps.pages.open(source.volumeId);
  if (volume === undefined) throw new ArmError(404, "SourceNotFound", "The source of the snapshot is gone.");
  if (source.snapshotId !== undefined) return { volumeId: volume.id, snapshotId: source.snapshotId };
  const stallMs = deps.stallMs(creation.sourceResourceId ?? "");
  const snapshotId = await deps.bodies.atWriteBarrier(volume.id, () => volume.snapshot(), stallMs);
  return { volumeId: volume.id, snapshotId };
}

async function provision(id: string, deps: ComputeDeps, stamp: StampServices): Promise<ArmResource> {
  const snapshot = stamp.resources.get(id);
  if (snapshot === undefined) throw notFound(snapshotType, id.split("/").at(-1) ?? "");
  if (snapshot.properties["provisioningState"] !== "Creating") return snapshot;
  const settle = async (provisioningState: string, hidden: Record<string, unknown>): Promise<ArmResource> => {
    const present = stamp.resources.get(id) ?? snapshot;
    const settled = { ...present, properties: { ...present.properties, provisioningState }, hidden };
    await stamp.resources.put(settled);
    return settled;
  };
  try {
    const frozen = await freeze(snapshot, deps, stamp);
    const volume = deps.pages.open(frozen.volumeId);
    if (volume === undefined) throw new Error(`volume ${frozen.volumeId} vanished while it was frozen`);
    return await settle("Succeeded", { ...frozen, usedBytes: usedBytes(snapshot, volume, frozen.snapshotId, stamp) });
  } catch (error) {
    await settle("Failed", {});
    throw error;
  }
}

export function snapshotOperations(deps: ComputeDeps): Record<string, OperationHandler> {
  return {
    "compute.snapshot.create": async (start, stamp) =>
      presentSnapshot(await provision(start.resourceId, deps, stamp), start.arguments["apiVersion"] as string),
    "compute.snapshot.update": async (start, stamp) => {
      const snapshot = stamp.resources.get(start.resourceId);
      if (snapshot === undefined) throw notFound(snapshotType, start.resourceId.split("/").at(-1) ?? "");
      return presentSnapshot(snapshot, start.arguments["apiVersion"] as string);
    },
    "compute.snapshot.delete": async (start, stamp) => {
      const snapshot = stamp.resources.get(start.resourceId);
      if (snapshot === undefined) return undefined;
      requireSnapshotDeletable(snapshot, deps, stamp);
      await deps.access.revoke(snapshot.id);
      const next = nextInFamily(snapshot, stamp);
      await stamp.resources.delete(snapshot.id);
      if (next !== undefined) await recount(next, deps, stamp);
      const { volumeId, snapshotId } = (snapshot.hidden ?? {}) as Partial<VolumeSource>;
      if (volumeId !== undefined) {
        await releaseVolume(deps, stamp, { volumeId, ...(snapshotId === undefined ? {} : { snapshotId }) });
      }
      return undefined;
    },
  };
}
