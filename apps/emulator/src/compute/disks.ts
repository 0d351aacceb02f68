import { GiB } from "@holdfast/kernel";
import { type ArmCall, ArmError, type ArmReply, type ResourceType, type StampServices } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import { diskVersions } from "./api-versions.ts";
import { beginDiskOperation } from "./begin-operation.ts";
import { badParameter, notAllowed, notFound } from "./compute-errors.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { accessActions } from "./disk-grants.ts";
import { type CreationRequest, type DiskRequest, gigabytes, maxDiskGB, readDiskRequest } from "./disk-request.ts";
import { type DiskSource, imageSource, importSource, resourceSource, shownCreation } from "./disk-source.ts";
import { diskStateOf, ownerOf, presentDisk } from "./disk-state.ts";
import { requireLocation, requireName } from "./request-fields.ts";
import { diskQuota } from "./compute-usage.ts";
import { vhdFooterBytes } from "./vhd-footer.ts";

export const diskType = "Microsoft.Compute/disks";

/** A disk of this id or the platform's 404. */
export function requireDisk(call: ArmCall, stamp: StampServices): ArmResource {
  const disk = stamp.resources.get(call.id);
  if (disk === undefined) throw notFound(diskType, call.name ?? "", call.resourceGroup);
  return disk;
}

/** Whether a disk or snapshot has no content yet: a PUT then makes it anew. */
export function isUnready(resource: ArmResource): boolean {
  return ["Creating", "Failed"].includes(resource.properties["provisioningState"] as string);
}

async function findSource(
  call: ArmCall,
  creation: CreationRequest,
  deps: ComputeDeps,
  stamp: StampServices,
): Promise<DiskSource | undefined> {
  if (creation.createOption === "Import") return importSource(creation, call.id, deps, stamp);
  if (creation.createOption === "Copy") {
    if (creation.sourceResourceId === undefined) {
      throw badParameter("Required parameter 'disk.creationData.sourceResourceId' is missing (null).");
    }
    return resourceSource(creation.sourceResourceId, call.id, deps, stamp);
  }
  if (creation.createOption === "FromImage") {
    if (creation.imageId === undefined) {
      throw badParameter("Required parameter 'disk.creationData.imageReference.id' is missing (null).");
    }
    return imageSource({ id: creation.imageId, lun: creation.imageLun }, call.id, stamp);
  }
  return undefined;
}

function uploadGuestBytes(uploadSizeBytes: number | undefined, isServed: boolean): number {
  if (!isServed) {
    throw badParameter("The value 'Upload' of parameter 'disk.creationData.createOption' is not supported.");
  }
  const guestBytes = (uploadSizeBytes ?? 0) - vhdFooterBytes;
  if (guestBytes < 20 * 1_048_576 || guestBytes % 1_048_576 !== 0) {
    throw badParameter(
      `The value '${uploadSizeBytes ?? ""}' of parameter 'uploadSizeBytes' is invalid: it must be a multiple of 1 MiB, at least 20 MiB, and 512 bytes for the footer.`,
    );
  }
  return guestBytes;
}

/** Size of the new disk's guest part. A size asked for in GB counts where it is more than the source rounded up. */
function guestBytesOf(request: DiskRequest, source: DiskSource | undefined, deps: ComputeDeps): number {
  const { creation, diskSizeGB } = request;
  if (creation?.createOption === "Upload") return uploadGuestBytes(creation.uploadSizeBytes, deps.upload);
  if (source === undefined) {
    if (diskSizeGB === undefined) throw badParameter("Required parameter 'disk.diskSizeGB' is missing (null).");
    return diskSizeGB * GiB;
  }
  const sourceGB = gigabytes(source.guestBytes);
  if (sourceGB > maxDiskGB) throw badParameter(`The source is larger than ${maxDiskGB} GB.`);
  if (diskSizeGB === undefined || diskSizeGB === sourceGB) return source.guestBytes;
  if (diskSizeGB < sourceGB) {
    throw badParameter(`The requested size ${diskSizeGB} GB is smaller than the source of ${sourceGB} GB.`);
  }
  return diskSizeGB * GiB;
}

async function createDisk(call: ArmCall, deps: ComputeDeps, stamp: StampServices): Promise<ArmReply> {
  const request = readDiskRequest(call, "disks");
  const { creation } = request;
  if (creation === undefined) throw new Error("a PUT was read without creationData");
  const name = requireName(call.name, "disk");
  const location = requireLocation(request.body, stamp);
  const source = await findSource(call, creation, deps, stamp);
  const guestBytes = guestBytesOf(request, source, deps);
  const sku = request.sku ?? "Standard_LRS";
  stamp.requireQuota(call.subscriptionId, diskQuota(sku, gigabytes(guestBytes)));
  const osType = request.osType ?? source?.osType;
  const disk: ArmResource = {
    id: call.id,
    name,
    type: diskType,
    location,
    tags: request.tags ?? {},
    sku: { name: sku },
    properties: {
      ...(osType === undefined ? {} : { osType }),
      ...(osType === undefined ? {} : { hyperVGeneration: "V1" }),
      creationData: shownCreation(creation, source),
      diskSizeGB: gigabytes(guestBytes),
      diskSizeBytes: guestBytes,
      uniqueId: stamp.uuid(),
      encryption: { type: "EncryptionAtRestWithPlatformKey" },
      timeCreated: new Date(stamp.now()).toISOString(),
      provisioningState: "Creating",
    },
    hidden: {
      volumeId: `disk-${stamp.uuid()}`,
      ...(source === undefined ? {} : { source: { volumeId: source.volumeId, snapshotId: source.snapshotId } }),
      ...(creation.createOption === "Upload" ? { isUploading: true } : {}),
    },
  };
  await stamp.resources.put(disk);
  return begin(call, stamp, { disk, kind: "compute.disk.create", deps });
}

async function begin(
  call: ArmCall,
  stamp: StampServices,
  what: { readonly disk: ArmResource; readonly kind: string; readonly deps: ComputeDeps },
): Promise<ArmReply> {
  const { disk: resource, kind, deps } = what;
  const args = { apiVersion: call.apiVersion };
  const headers = await beginDiskOperation(call, { resource, kind, args }, { deps, stamp });
  return { status: 202, headers, body: presentDisk(what.disk, what.deps, stamp, call.apiVersion) };
}

/** Tags, SKU and size of a disk that is there; the rest of a disk never changes. */
async function updateDisk(
  call: ArmCall,
  disk: ArmResource,
  deps: ComputeDeps,
  stamp: StampServices,
): Promise<ArmReply> {
  if (isUnready(disk)) throw notAllowed(`Disk ${disk.name} cannot be changed: its provisioning has not succeeded.`);
  const request = readDiskRequest(call, "disks");
  const size = disk.properties["diskSizeGB"] as number;
  const state = diskStateOf(disk, deps, stamp);
  const sku = request.sku ?? (disk.sku?.["name"] as string);
  const grownGB = request.diskSizeGB ?? size;
  const asked = request.creation?.createOption;
  const made = (disk.properties["creationData"] as { createOption: string }).createOption;
  if (asked !== undefined && asked !== made) {
    throw new ArmError(
      409,
      "PropertyChangeNotAllowed",
      "Changing property 'creationData.createOption' is not allowed.",
    );
  }
  if (grownGB < size) throw badParameter(`The disk size can only be increased: ${grownGB} GB is less than ${size} GB.`);
  if ((grownGB > size || sku !== disk.sku?.["name"]) && state !== "Unattached" && state !== "Reserved") {
    throw notAllowed(
      `Cannot resize or change the SKU of disk ${disk.name} while it is in state ${state}: deallocate its VM or end its access first.`,
    );
  }
  requireGrowthQuota(call, stamp, { disk, sku, addedGB: grownGB - size });
  const changed: ArmResource = {
    ...disk,
    ...(request.tags === undefined ? {} : { tags: request.tags }),
    sku: { name: sku },
    properties: {
      ...disk.properties,
      ...(request.osType === undefined ? {} : { osType: request.osType }),
      ...(grownGB > size ? { diskSizeGB: grownGB, diskSizeBytes: grownGB * GiB } : {}),
      provisioningState: "Updating",
    },
  };
  await stamp.resources.put(changed);
  return begin(call, stamp, { disk: changed, kind: "compute.disk.update", deps });
}

function requireGrowthQuota(
  call: ArmCall,
  stamp: StampServices,
  change: { readonly disk: ArmResource; readonly sku: string; readonly addedGB: number },
): void {
  const size = change.disk.properties["diskSizeGB"] as number;
  const isMoved = change.sku !== change.disk.sku?.["name"];
  stamp.requireQuota(call.subscriptionId, diskQuota(change.sku, change.addedGB + (isMoved ? size : 0)));
}

async function deleteDisk(call: ArmCall, deps: ComputeDeps, stamp: StampServices): Promise<ArmReply> {
  const disk = stamp.resources.get(call.id);
  if (disk === undefined) return { status: 204 };
  requireDeletable(disk, deps, stamp);
  const headers = await beginDiskOperation(call, { resource: disk, kind: "compute.disk.delete" }, { deps, stamp });
  return { status: 202, headers };
}

/** Refuses to delete a disk that a VM or a reader of its content still needs. */
export function requireDeletable(disk: ArmResource, deps: ComputeDeps, stamp: StampServices): void {
  const owner = ownerOf(disk.id, stamp);
  if (owner !== undefined) {
    throw notAllowed(`Disk ${disk.name} is attached to VM ${owner.id}.`);
  }
  const state = diskStateOf(disk, deps, stamp);
  if (state === "ActiveSAS" || state === "ActiveUpload") {
    throw notAllowed(
      `Cannot delete disk ${disk.name} because it has an active shared access signature. Call EndGetAccess first.`,
    );
  }
}

export function disksType(deps: ComputeDeps): ResourceType {
  return {
    type: diskType,
    apiVersions: diskVersions(deps.build),
    get: async (call, stamp) => ({
      status: 200,
      body: presentDisk(requireDisk(call, stamp), deps, stamp, call.apiVersion),
    }),
    list: async (call, stamp) =>
      stamp.resources.list(diskType, call.id).map((disk) => presentDisk(disk, deps, stamp, call.apiVersion)),
    put: async (call, stamp) => {
      const disk = stamp.resources.get(call.id);
      const isUnmade = disk === undefined || isUnready(disk);
      return isUnmade ? createDisk(call, deps, stamp) : updateDisk(call, disk, deps, stamp);
    },
    patch: async (call, stamp) => updateDisk(call, requireDisk(call, stamp), deps, stamp),
    delete: (call, stamp) => deleteDisk(call, deps, stamp),
    actions: accessActions(deps, requireDisk),
  };
}
