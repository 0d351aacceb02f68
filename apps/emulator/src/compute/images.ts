import {
  type ArmCall,
  ArmError,
  type ArmReply,
  type OperationHandler,
  presentResource,
  type ResourceType,
  type StampServices,
} from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import { machineVersions } from "./api-versions.ts";
import { beginOperation } from "./begin-operation.ts";
import { badParameter, badReference, notAllowed, notFound } from "./compute-errors.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { gigabytes } from "./disk-request.ts";
import { blobSource, type DiskSource, resourceSource } from "./disk-source.ts";
import { cloneDiskVolume, releaseVolume, type VolumeSource } from "./disk-volumes.ts";
import {
  asObject,
  type Fields,
  integerAt,
  listAt,
  objectAt,
  onlyKnown,
  requireLocation,
  requireName,
  stringAt,
  tagsAt,
} from "./request-fields.ts";

const imageType = "Microsoft.Compute/images";

/** One disk of an image: its own frozen copy of the source. The OS disk has no LUN. */
interface ImageVolume {
  readonly lun: number | null;
  readonly volumeId: string;
  readonly guestBytes: number;
  readonly source: VolumeSource;
}

function requireImage(call: ArmCall, stamp: StampServices): ArmResource {
  const image = stamp.resources.get(call.id);
  if (image === undefined) throw notFound(imageType, call.name ?? "", call.resourceGroup);
  return image;
}

function volumesOf(image: ArmResource): ImageVolume[] {
  return (image.hidden?.["volumes"] ?? []) as ImageVolume[];
}

/** The disks of a generalized VM, as `storageProfile` of an image names them. */
function profileOfVm(id: string, call: ArmCall, stamp: StampServices): Fields {
  const vm = stamp.resources.get(id);
  if (vm?.type.toLowerCase() !== "microsoft.compute/virtualmachines") throw badReference(id, call.id);
  if (vm.hidden?.["isGeneralized"] !== true)
    throw notAllowed(`The VM ${vm.name} must be generalized before an image of it is made.`);
  const storage = vm.properties["storageProfile"] as { osDisk: Fields; dataDisks: Fields[] };
  const from = (disk: Fields): Fields => {
    const { managedDisk, vhd } = disk as { managedDisk?: { id: string }; vhd?: { uri: string } };
    return managedDisk === undefined ? { blobUri: vhd?.uri } : { managedDisk: { id: managedDisk.id } };
  };
  return {
    osDisk: { osType: storage.osDisk["osType"], osState: "Generalized", ...from(storage.osDisk) },
    dataDisks: storage.dataDisks.map((disk) => ({ lun: disk["lun"], ...from(disk) })),
  };
}

async function sourceOf(disk: Fields, call: ArmCall, deps: ComputeDeps, stamp: StampServices): Promise<DiskSource> {
  const blobUri = stringAt(disk, "blobUri");
  if (blobUri !== undefined) return blobSource(blobUri, deps);
  const id = stringAt(objectAt(disk, "managedDisk"), "id") ?? stringAt(objectAt(disk, "snapshot"), "id");
  if (id === undefined) throw badParameter("A disk of an image needs a managedDisk, a snapshot or a blobUri.");
  return resourceSource(id, call.id, deps, stamp);
}

async function putImage(call: ArmCall, deps: ComputeDeps, stamp: StampServices): Promise<ArmReply> {
  const body = asObject(call.body, "image");
  onlyKnown(body, ["id", "name", "type", "location", "tags", "properties"], "Image", "");
  const properties = objectAt(body, "properties");
  const known = ["sourceVirtualMachine", "storageProfile", "provisioningState", "hyperVGeneration"];
  onlyKnown(properties, known, "ImageProperties", "properties");
  if ((stringAt(properties, "hyperVGeneration") ?? "V1") !== "V1")
    throw badParameter("Hyper-V generation V2 is not supported.");
  if (stamp.resources.get(call.id) !== undefined) {
    throw new ArmError(409, "PropertyChangeNotAllowed", "An image cannot be changed: delete it and make it anew.");
  }
  const vmId = stringAt(objectAt(properties, "sourceVirtualMachine"), "id");
  const profile = vmId === undefined ? objectAt(properties, "storageProfile") : profileOfVm(vmId, call, stamp);
  const osDisk = asObject(profile["osDisk"], "storageProfile.osDisk");
  const disks = [osDisk, ...listAt(profile, "dataDisks")];
  const volumes: ImageVolume[] = [];
  for (const [index, disk] of disks.entries()) {
    const { volumeId, snapshotId, guestBytes } = await sourceOf(disk, call, deps, stamp);
    const source = { volumeId, ...(snapshotId === undefined ? {} : { snapshotId }) };
    const lun = index === 0 ? null : (integerAt(disk, "lun") ?? index - 1);
    volumes.push({ lun, volumeId: `image-${stamp.uuid()}`, guestBytes, source });
  }
  const sized = disks.map((disk, index) => ({ ...disk, diskSizeGB: gigabytes(volumes[index]?.guestBytes ?? 0) }));
  const image: ArmResource = {
    id: call.id,
    name: requireName(call.name, "image"),
    type: imageType,
    location: requireLocation(body, stamp),
    tags: tagsAt(body) ?? {},
    properties: {
      ...(vmId === undefined ? {} : { sourceVirtualMachine: { id: vmId } }),
      storageProfile: { osDisk: sized[0], dataDisks: sized.slice(1) },
      hyperVGeneration: "V1",
      provisioningState: "Creating",
    },
    hidden: { volumes },
  };
  await stamp.resources.put(image);
  const { location: _location, ...headers } = await beginOperation(
    call,
    { resource: image, kind: "compute.image.create" },
    { deps, stamp },
  );
  return { status: 201, headers, body: presentResource(image) };
}

export function imagesType(deps: ComputeDeps): ResourceType {
  return {
    type: imageType,
    apiVersions: machineVersions(deps.build),
    get: async (call, stamp) => ({ status: 200, body: presentResource(requireImage(call, stamp)) }),
    list: async (call, stamp) => stamp.resources.list(imageType, call.id).map(presentResource),
    put: (call, stamp) => putImage(call, deps, stamp),
    delete: async (call, stamp) => {
      const image = stamp.resources.get(call.id);
      if (image === undefined) return { status: 204 };
      return {
        status: 202,
        headers: await beginOperation(call, { resource: image, kind: "compute.image.delete" }, { deps, stamp }),
      };
    },
  };
}

export function imageOperations(deps: ComputeDeps): Record<string, OperationHandler> {
  return {
    "compute.image.create": async (start, stamp) => {
      const image = stamp.resources.get(start.resourceId);
      if (image === undefined) throw notFound(imageType, start.resourceId.split("/").at(-1) ?? "");
      for (const volume of volumesOf(image)) {
        await cloneDiskVolume(deps, stamp, { id: volume.volumeId }, volume.source);
      }
      const done = { ...image, properties: { ...image.properties, provisioningState: "Succeeded" } };
      await stamp.resources.put(done);
      return presentResource(done);
    },
    "compute.image.delete": async (start, stamp) => {
      const image = stamp.resources.get(start.resourceId);
      if (image === undefined) return;
      await stamp.resources.delete(image.id);
      for (const { volumeId } of volumesOf(image)) await releaseVolume(deps, stamp, { volumeId });
    },
  };
}
