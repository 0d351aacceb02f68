import { ArmError } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import type { StampServices } from "../arm/provider.ts";
import type { PageVolume } from "../pages/page-store.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { createVhdFooter, findVhdFault, vhdFooterBytes } from "./vhd-footer.ts";

/** Bytes to start from: a volume as it is now, or one of its frozen snapshots. */
export interface VolumeSource {
  readonly volumeId: string;
  readonly snapshotId?: string;
}

const diskTypes = ["Microsoft.Compute/disks", "Microsoft.Compute/snapshots", "Microsoft.Compute/images"];

async function writeFooter(volume: PageVolume, guestBytes: number, stamp: StampServices): Promise<void> {
  await volume.write(guestBytes, createVhdFooter({ guestBytes, uniqueId: stamp.uuid(), nowMs: stamp.now() }));
}

/** Makes the volume of a new disk: zeros and a footer. Replaces what a killed attempt left. */
export async function createDiskVolume(
  deps: ComputeDeps,
  stamp: StampServices,
  id: string,
  guestBytes: number,
): Promise<void> {
  if (deps.pages.open(id) !== undefined) await deps.pages.delete(id);
  const volume = await deps.pages.create(id, guestBytes + vhdFooterBytes);
  await writeFooter(volume, guestBytes, stamp);
  await volume.flush();
}

/** Grows the guest's part of a volume; the footer moves to the new end. */
export async function growDiskVolume(volume: PageVolume, guestBytes: number, stamp: StampServices): Promise<void> {
  const before = volume.sizeBytes - vhdFooterBytes;
  if (guestBytes <= before) return;
  await volume.resize(guestBytes + vhdFooterBytes);
  await writeFooter(volume, guestBytes, stamp);
  await volume.clear({ start: before, end: before + vhdFooterBytes });
  await volume.flush();
}

/** Freezes a source for as long as `use` runs. Guest writes wait only while the cut is made. */
async function withFrozen<T>(
  deps: ComputeDeps,
  source: VolumeSource,
  use: (snapshotId: string) => Promise<T>,
): Promise<T> {
  const { volumeId, snapshotId } = source;
  const volume = deps.pages.open(volumeId);
  if (volume === undefined) throw new ArmError(404, "SourceNotFound", "The content of the source is gone.");
  if (snapshotId !== undefined) return use(snapshotId);
  const frozen = await deps.bodies.atWriteBarrier(volumeId, () => volume.snapshot());
  try {
    return await use(frozen);
  } finally {
    await volume.deleteSnapshot(frozen);
  }
}

/** Makes a volume with a source's content, grown to `guestBytes` where that is more. Replaces what a killed attempt left. */
export async function cloneDiskVolume(
  deps: ComputeDeps,
  stamp: StampServices,
  target: { readonly id: string; readonly guestBytes?: number },
  source: VolumeSource,
): Promise<void> {
  if (deps.pages.open(target.id) !== undefined) await deps.pages.delete(target.id);
  await withFrozen(deps, source, async (snapshotId) => {
    const volume = await deps.pages.clone(target.id, { volumeId: source.volumeId, snapshotId });
    await growDiskVolume(volume, target.guestBytes ?? 0, stamp);
    await volume.flush();
  });
}

/** Refuses a blob that is no fixed VHD, in the words of the platform. */
export async function requireFixedVhd(deps: ComputeDeps, source: VolumeSource, uri: string): Promise<void> {
  const volume = deps.pages.open(source.volumeId);
  const view = source.snapshotId === undefined ? volume : volume?.openSnapshot(source.snapshotId);
  if (view === undefined) throw new ArmError(404, "SourceNotFound", `The blob ${uri} is gone.`);
  const footer = Buffer.alloc(vhdFooterBytes);
  if (view.sizeBytes >= vhdFooterBytes) await view.read(view.sizeBytes - vhdFooterBytes, footer);
  const fault = findVhdFault(footer, view.sizeBytes);
  if (fault !== undefined) {
    throw new ArmError(400, "InvalidVhd", `The specified disk blob ${uri.split("?")[0]} is not a valid VHD: ${fault}.`);
  }
}

/** Volume ids and snapshot ids that a resource holds on to. */
function heldBy(resource: ArmResource): VolumeSource[] {
  const hidden = resource.hidden ?? {};
  const own = typeof hidden["volumeId"] === "string" ? [hidden as unknown as VolumeSource] : [];
  return [...own, ...((hidden["volumes"] as VolumeSource[] | undefined) ?? [])];
}

/** Everything that disks, snapshots and images of the stamp hold on to. */
export function heldVolumes(stamp: StampServices): VolumeSource[] {
  return diskTypes.flatMap((type) => stamp.resources.list(type, "").flatMap(heldBy));
}

/** Deletes a snapshot of a volume, and the volume, once no resource holds on to them. Call after the resource is gone. */
export async function releaseVolume(deps: ComputeDeps, stamp: StampServices, source: VolumeSource): Promise<void> {
  const held = heldVolumes(stamp).filter((one) => one.volumeId === source.volumeId);
  const volume = deps.pages.open(source.volumeId);
  if (volume === undefined) return;
  if (held.length === 0) return deps.pages.delete(source.volumeId);
  const { snapshotId } = source;
  if (snapshotId !== undefined && !held.some((one) => one.snapshotId === snapshotId)) {
    await volume.deleteSnapshot(snapshotId);
  }
}
