import { GiB } from "@holdfast/kernel";
import { ArmError, type ArmCall, type StampServices } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import { badParameter, badReference, conflictingInput, notAllowed } from "./compute-errors.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { imageSource } from "./disk-source.ts";
import { gigabytes, maxDiskGB } from "./disk-request.ts";
import { diskStateOf, ownerOf } from "./disk-state.ts";
import {
  type Fields,
  integerAt,
  listAt,
  objectAt,
  onlyKnown,
  requireName,
  sameId,
  stringAt,
} from "./request-fields.ts";

/** The storage part of a VM's model, and the managed disks that must be made for it. */
export interface VmStorage {
  readonly profile: Fields;
  readonly newDisks: readonly ArmResource[];
}

interface Work {
  readonly call: ArmCall;
  readonly deps: ComputeDeps;
  readonly stamp: StampServices;
  readonly present: ArmResource | undefined;
  readonly imageId: string | undefined;
  readonly newDisks: ArmResource[];
}

const diskFields = [
  "lun",
  "name",
  "vhd",
  "image",
  "caching",
  "writeAcceleratorEnabled",
  "createOption",
  "diskSizeGB",
  "managedDisk",
  "toBeDetached",
  "osType",
  "encryptionSettings",
  "diskIOPSReadWrite",
  "diskMBpsReadWrite",
];

function diskIdOf(call: ArmCall, name: string): string {
  return `/subscriptions/${call.subscriptionId}/resourceGroups/${call.resourceGroup}/providers/Microsoft.Compute/disks/${name}`;
}

function readCaching(disk: Fields): string {
  const caching = stringAt(disk, "caching") ?? "None";
  if (["None", "ReadOnly", "ReadWrite"].includes(caching)) return caching;
  throw badParameter(`The value '${caching}' of parameter 'caching' is not supported.`);
}

/** Refuses a disk that is somebody else's, is read through a SAS, or is not ready. */
function requireAttachable(id: string, work: Work): ArmResource {
  const { stamp, deps, call } = work;
  const disk = stamp.resources.get(id);
  if (disk?.type.toLowerCase() !== "microsoft.compute/disks") throw badReference(id, call.id);
  const owner = ownerOf(disk.id, stamp);
  if (owner !== undefined && sameId(owner.id, call.id)) return disk;
  if (owner !== undefined) {
    throw conflictingInput(`Disk '${disk.id}' cannot be attached as the disk is already owned by VM '${owner.id}'.`);
  }
  const state = diskStateOf(disk, deps, stamp);
  if (state !== "Unattached") {
    throw conflictingInput(`Disk '${disk.id}' cannot be attached to VM '${call.id}' as the disk is in state ${state}.`);
  }
  if (disk.properties["provisioningState"] !== "Succeeded") {
    throw notAllowed(`Disk '${disk.id}' cannot be attached: its provisioning has not succeeded.`);
  }
  return disk;
}

function newDisk(
  work: Work,
  wanted: {
    readonly name: string;
    readonly sku: string | undefined;
    readonly sizeGB: number | undefined;
    readonly lun: number | undefined;
  },
  isFromImage: boolean,
): ArmResource {
  const { call, stamp } = work;
  requireName(wanted.name, "disk");
  const id = diskIdOf(call, wanted.name);
  if (stamp.resources.get(id) !== undefined) {
    throw conflictingInput(`Disk '${wanted.name}' already exists in resource group ${call.resourceGroup}.`);
  }
  const image = isFromImage && work.imageId !== undefined ? { id: work.imageId, lun: wanted.lun } : undefined;
  const source = image === undefined ? undefined : imageSource(image, call.id, stamp);
  const guestBytes = Math.max((wanted.sizeGB ?? 0) * GiB, source?.guestBytes ?? 0);
  if (guestBytes < GiB && source === undefined)
    throw badParameter("Required parameter 'dataDisk.diskSizeGB' is missing (null).");
  if (gigabytes(guestBytes) > maxDiskGB) throw badParameter(`A disk has at most ${maxDiskGB} GB.`);
  const osType = source?.osType;
  return {
    id,
    name: wanted.name,
    type: "Microsoft.Compute/disks",
    location: stamp.location,
    tags: {},
    sku: { name: wanted.sku ?? "Standard_LRS" },
    properties: {
      ...(osType === undefined ? {} : { osType, hyperVGeneration: "V1" }),
      creationData:
        image === undefined
          ? { createOption: "Empty" }
          : {
              createOption: "FromImage",
              imageReference: { id: image.id, ...(image.lun === undefined ? {} : { lun: image.lun }) },
            },
      diskSizeGB: gigabytes(guestBytes),
      diskSizeBytes: guestBytes,
      uniqueId: stamp.uuid(),
      encryption: { type: "EncryptionAtRestWithPlatformKey" },
      timeCreated: new Date(stamp.now()).toISOString(),
      provisioningState: "Creating",
    },
    hidden: {
      volumeId: `disk-${stamp.uuid()}`,
      ...(source === undefined ? {} : { source: { volumeId: source.volumeId } }),
    },
  };
}

function readUnmanaged(disk: Fields, createOption: string, work: Work): Fields {
  const uri = stringAt(objectAt(disk, "vhd"), "uri") ?? "";
  if (createOption !== "Attach") throw badParameter("An unmanaged disk can only be attached: its blob must exist.");
  if (work.deps.blobs.find(uri) === undefined) {
    throw new ArmError(404, "DiskBlobNotFound", `Unable to find VHD blob with URI ${uri.split("?")[0]}.`);
  }
  const used = work.stamp.resources.list("Microsoft.Compute/virtualMachines", "").find((vm) => {
    return !sameId(vm.id, work.call.id) && vhdUris(vm).some((one) => one.toLowerCase() === uri.toLowerCase());
  });
  if (used !== undefined)
    throw new ArmError(409, "DiskBlobAlreadyInUseByAnotherDisk", `Blob ${uri} is in use by VM ${used.id}.`);
  return { vhd: { uri } };
}

/** Addresses of the unmanaged disks in a VM's model. */
export function vhdUris(vm: ArmResource): string[] {
  const storage = vm.properties["storageProfile"] as Fields;
  return [storage["osDisk"] as Fields, ...(storage["dataDisks"] as Fields[])].flatMap((disk) => {
    const uri = (disk["vhd"] as Fields | undefined)?.["uri"];
    return typeof uri === "string" ? [uri] : [];
  });
}

function readDisk(disk: Fields, fallbackName: string, work: Work): Fields {
  onlyKnown(disk, diskFields, "Disk", "properties.storageProfile");
  const managed = objectAt(disk, "managedDisk");
  onlyKnown(managed, ["id", "storageAccountType"], "ManagedDiskParameters", "properties.storageProfile");
  const createOption = stringAt(disk, "createOption") ?? "";
  const lun = integerAt(disk, "lun");
  const name = stringAt(disk, "name");
  const shown = {
    createOption,
    caching: readCaching(disk),
    ...(lun === undefined ? {} : { lun, toBeDetached: false }),
  };
  if (disk["vhd"] !== undefined && disk["vhd"] !== null) {
    return { ...shown, name: name ?? fallbackName, ...readUnmanaged(disk, createOption, work) };
  }
  const id = stringAt(managed, "id");
  const isKept = id !== undefined && sameId(ownerOf(id, work.stamp)?.id, work.call.id);
  if (createOption === "Attach" || isKept) {
    if (id === undefined) throw badParameter("Required parameter 'managedDisk.id' is missing (null).");
    const found = requireAttachable(id, work);
    return { ...shown, name: found.name, managedDisk: { id: found.id } };
  }
  if (createOption !== "Empty" && createOption !== "FromImage") {
    throw badParameter(`The value '${createOption}' of parameter 'createOption' is not supported.`);
  }
  if (createOption === "FromImage" && work.imageId === undefined) {
    throw badParameter("Required parameter 'imageReference' is missing (null).");
  }
  const made = newDisk(
    work,
    {
      name: name ?? fallbackName,
      sku: stringAt(managed, "storageAccountType"),
      sizeGB: integerAt(disk, "diskSizeGB"),
      lun,
    },
    createOption === "FromImage",
  );
  work.newDisks.push(made);
  return { ...shown, name: made.name, managedDisk: { id: made.id } };
}

function readDataDisks(storage: Fields, work: Work): Fields[] {
  const suffix = work.stamp.uuid().replaceAll("-", "");
  const disks = listAt(storage, "dataDisks").filter((disk) => disk["toBeDetached"] !== true);
  const luns = disks.map((disk) => integerAt(disk, "lun"));
  for (const [index, lun] of luns.entries()) {
    if (lun === undefined || lun < 0 || lun > 63)
      throw badParameter("The value of parameter dataDisk.lun is missing or out of range.");
    if (luns.indexOf(lun) !== index) {
      throw badParameter(`A disk at LUN ${lun} already exists: LUNs of dataDisks must be unique.`);
    }
  }
  return disks.map((disk, index) => readDisk(disk, `${work.call.name}_disk${index + 2}_${suffix}`, work));
}

/** Reads and checks `storageProfile`. What a PUT leaves out stays as it is. */
export function readVmStorage(
  call: ArmCall,
  storage: Fields,
  present: ArmResource | undefined,
  rooms: { readonly deps: ComputeDeps; readonly stamp: StampServices },
): VmStorage {
  onlyKnown(storage, ["imageReference", "osDisk", "dataDisks"], "StorageProfile", "properties.storageProfile");
  const image = objectAt(storage, "imageReference");
  const imageId = stringAt(image, "id");
  if (imageId === undefined && stringAt(image, "publisher") !== undefined && present === undefined) {
    throw new ArmError(
      404,
      "PlatformImageNotFound",
      "The platform image is not available. Verify that all fields in the storage profile are correct.",
    );
  }
  const work: Work = { call, ...rooms, present, imageId, newDisks: [] };
  const kept = (present?.properties["storageProfile"] ?? {}) as Fields;
  const hasOsDisk = storage["osDisk"] !== undefined && storage["osDisk"] !== null;
  if (!hasOsDisk && present === undefined) throw badParameter("Required parameter 'osDisk' is missing (null).");
  const asked = objectAt(storage, "osDisk");
  const keptOs = (kept["osDisk"] ?? {}) as Fields;
  const osDisk = hasOsDisk
    ? readDisk(asked, `${call.name}_OsDisk_1_${rooms.stamp.uuid().replaceAll("-", "")}`, work)
    : keptOs;
  const osType = stringAt(asked, "osType") ?? keptOs["osType"] ?? osTypeOf(osDisk, work);
  if (osDisk["createOption"] === "Attach" && osType === undefined) {
    throw badParameter("Required parameter 'osDisk.osType' is missing (null).");
  }
  const dataDisks =
    storage["dataDisks"] === undefined ? ((kept["dataDisks"] ?? []) as Fields[]) : readDataDisks(storage, work);
  const keptImage = kept["imageReference"];
  return {
    profile: {
      ...(imageId === undefined
        ? keptImage === undefined
          ? {}
          : { imageReference: keptImage }
        : { imageReference: { id: imageId } }),
      osDisk: { osType, ...osDisk },
      dataDisks,
    },
    newDisks: work.newDisks,
  };
}

function osTypeOf(osDisk: Fields, work: Work): unknown {
  const id = (osDisk["managedDisk"] as Fields | undefined)?.["id"];
  const made = work.newDisks.find((disk) => disk.id === id);
  return (made ?? (typeof id === "string" ? work.stamp.resources.get(id) : undefined))?.properties["osType"];
}
