import type { OperationHandler, StampServices } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import { notFound } from "./compute-errors.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { diskType, requireDeletable } from "./disks.ts";
import { presentDisk } from "./disk-state.ts";
import { cloneDiskVolume, createDiskVolume, growDiskVolume, releaseVolume, type VolumeSource } from "./disk-volumes.ts";

/** Gives a disk that is being created its content, and makes it ready. Runs again after a kill without harm. */
export async function provisionDisk(id: string, deps: ComputeDeps, stamp: StampServices): Promise<ArmResource> {
  const disk = stamp.resources.get(id);
  if (disk === undefined) throw notFound(diskType, id.split("/").at(-1) ?? "");
  if (disk.properties["provisioningState"] !== "Creating") return disk;
  const { volumeId, source } = disk.hidden as { volumeId: string; source?: VolumeSource };
  const guestBytes = disk.properties["diskSizeBytes"] as number;
  try {
    if (source === undefined) await createDiskVolume(deps, stamp, volumeId, guestBytes);
    else await cloneDiskVolume(deps, stamp, { id: volumeId, guestBytes }, source);
  } catch (error) {
    await settle(disk, "Failed", stamp);
    throw error;
  }
  return settle(disk, "Succeeded", stamp);
}

async function settle(disk: ArmResource, provisioningState: string, stamp: StampServices): Promise<ArmResource> {
  const present = stamp.resources.get(disk.id) ?? disk;
  const settled = { ...present, properties: { ...present.properties, provisioningState } };
  await stamp.resources.put(settled);
  return settled;
}

export function diskOperations(deps: ComputeDeps): Record<string, OperationHandler> {
  return {
    "compute.disk.create": async (start, stamp) => {
      const disk = await provisionDisk(start.resourceId, deps, stamp);
      return presentDisk(disk, deps, stamp, start.arguments["apiVersion"] as string);
    },
    "compute.disk.update": async (start, stamp) => {
      const disk = stamp.resources.get(start.resourceId);
      if (disk === undefined) throw notFound(diskType, start.resourceId.split("/").at(-1) ?? "");
      const volume = deps.pages.open(disk.hidden?.["volumeId"] as string);
      if (volume !== undefined) await growDiskVolume(volume, disk.properties["diskSizeBytes"] as number, stamp);
      const done = await settle(disk, volume === undefined ? "Failed" : "Succeeded", stamp);
      return presentDisk(done, deps, stamp, start.arguments["apiVersion"] as string);
    },
    "compute.disk.delete": async (start, stamp) => {
      const disk = stamp.resources.get(start.resourceId);
      if (disk === undefined) return undefined;
      requireDeletable(disk, deps, stamp);
      await deps.access.revoke(disk.id);
      await stamp.resources.delete(disk.id);
      await releaseVolume(deps, stamp, { volumeId: disk.hidden?.["volumeId"] as string });
      return undefined;
    },
  };
}
