import type { StampServices } from "../arm/provider.ts";
import { ArmError } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import { badParameter, badReference, notAllowed } from "./compute-errors.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import type { CreationRequest } from "./disk-request.ts";
import { diskStateOf } from "./disk-state.ts";
import { requireFixedVhd, type VolumeSource } from "./disk-volumes.ts";
import type { Fields } from "./request-fields.ts";
import { vhdFooterBytes } from "./vhd-footer.ts";

/** Where a new disk or snapshot gets its content. */
export interface DiskSource extends VolumeSource {
  readonly guestBytes: number;
  readonly osType?: string;
  /** The disk or snapshot that was named, for families. */
  readonly resource?: ArmResource;
}

function readableResource(id: string, by: string, stamp: StampServices): ArmResource {
  const resource = stamp.resources.get(id);
  const type = resource?.type.toLowerCase() ?? "";
  if (resource === undefined || !["microsoft.compute/disks", "microsoft.compute/snapshots"].includes(type)) {
    throw badReference(id, by);
  }
  const [own, other] = [by, id].map((one) => one.split("/")[2]?.toLowerCase());
  if (own !== other) throw badParameter(`Source resource ${id} must be in the same subscription.`);
  if (resource.properties["provisioningState"] !== "Succeeded") {
    throw notAllowed(`The source ${id} is not ready: its provisioning has not succeeded.`);
  }
  return resource;
}

/** The content of a disk or snapshot named by id. */
export function resourceSource(id: string, by: string, deps: ComputeDeps, stamp: StampServices): DiskSource {
  const resource = readableResource(id, by, stamp);
  if (resource.type.toLowerCase().endsWith("/disks")) {
    const state = diskStateOf(resource, deps, stamp);
    if (state === "ReadyToUpload" || state === "ActiveUpload") {
      throw notAllowed(`The disk ${id} cannot be copied in state ${state}: its upload has not ended.`);
    }
  }
  const { osType, diskSizeBytes } = resource.properties as { osType?: string; diskSizeBytes: number };
  const { volumeId, snapshotId } = resource.hidden as { volumeId: string; snapshotId?: string };
  return {
    volumeId,
    ...(snapshotId === undefined ? {} : { snapshotId }),
    ...(osType === undefined ? {} : { osType }),
    guestBytes: diskSizeBytes,
    resource,
  };
}

/** The content of a page blob of this stamp: a fixed VHD. */
export async function blobSource(uri: string, deps: ComputeDeps): Promise<DiskSource> {
  const blob = deps.blobs.find(uri);
  if (blob === undefined) {
    throw new ArmError(
      400,
      "InvalidParameter",
      `The value '${uri.split("?")[0]}' of parameter 'sourceUri' does not name a page blob in a storage account of this region.`,
    );
  }
  await requireFixedVhd(deps, blob, uri);
  const { volumeId, snapshotId, contentBytes } = blob;
  return {
    volumeId,
    ...(snapshotId === undefined ? {} : { snapshotId }),
    guestBytes: contentBytes - vhdFooterBytes,
  };
}

/** The content of an image's OS disk, or of a data disk of it. */
export function imageSource(
  image: { readonly id: string; readonly lun: number | undefined },
  by: string,
  stamp: StampServices,
): DiskSource {
  const resource = stamp.resources.get(image.id);
  if (resource?.type.toLowerCase() !== "microsoft.compute/images") throw badReference(image.id, by);
  const volumes = (resource.hidden?.["volumes"] ?? []) as (VolumeSource & { lun: number | null; guestBytes: number })[];
  const found = volumes.find((volume) => volume.lun === (image.lun ?? null));
  if (found === undefined) throw badParameter(`The image ${image.id} has no disk at lun ${image.lun ?? "of the OS"}.`);
  const storage = resource.properties["storageProfile"] as { osDisk?: { osType?: string } };
  const osType = image.lun === undefined ? storage.osDisk?.osType : undefined;
  return { volumeId: found.volumeId, guestBytes: found.guestBytes, ...(osType === undefined ? {} : { osType }) };
}

/** Import names a blob and, for access to it, the account that it lies in. */
export async function importSource(
  creation: CreationRequest,
  by: string,
  deps: ComputeDeps,
  stamp: StampServices,
): Promise<DiskSource> {
  const { sourceUri, storageAccountId } = creation;
  if (sourceUri === undefined)
    throw badParameter("Required parameter 'disk.creationData.sourceUri' is missing (null).");
  if (storageAccountId !== undefined) {
    if (stamp.resources.get(storageAccountId) === undefined) throw badReference(storageAccountId, by);
    const account = storageAccountId.split("/").at(-1)?.toLowerCase();
    if (!URL.canParse(sourceUri) || new URL(sourceUri).hostname.split(".")[0]?.toLowerCase() !== account) {
      throw badParameter(`The blob '${sourceUri.split("?")[0]}' is not in storage account '${account}'.`);
    }
  }
  return blobSource(sourceUri, deps);
}

/** What was asked for, as `creationData` is shown afterwards: without the secret part of an address. */
export function shownCreation(creation: CreationRequest, source: DiskSource | undefined): Fields {
  const unique = source?.resource?.properties["uniqueId"];
  return {
    createOption: creation.createOption,
    ...(creation.sourceUri === undefined ? {} : { sourceUri: creation.sourceUri.split("?")[0] }),
    ...(creation.storageAccountId === undefined ? {} : { storageAccountId: creation.storageAccountId }),
    ...(creation.sourceResourceId === undefined ? {} : { sourceResourceId: source?.resource?.id }),
    ...(unique === undefined ? {} : { sourceUniqueId: unique }),
    ...(creation.imageId === undefined
      ? {}
      : {
          imageReference: {
            id: creation.imageId,
            ...(creation.imageLun === undefined ? {} : { lun: creation.imageLun }),
          },
        }),
    ...(creation.uploadSizeBytes === undefined ? {} : { uploadSizeBytes: creation.uploadSizeBytes }),
  };
}
