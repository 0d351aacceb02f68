import { presentResource, type StampServices } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { type Fields, objectAt, sameId } from "./request-fields.ts";

export type DiskState = "Unattached" | "Attached" | "Reserved" | "ActiveSAS" | "ReadyToUpload" | "ActiveUpload";

const asFields = (value: unknown): Fields => (value ?? {}) as Fields;

/** Ids of the managed disks in a VM's model, the OS disk first. */
export function managedDiskIds(vm: ArmResource): string[] {
  const storage = asFields(vm.properties["storageProfile"]);
  const dataDisks = (storage["dataDisks"] ?? []) as Fields[];
  return [asFields(storage["osDisk"]), ...dataDisks].flatMap((disk) => {
    const id = asFields(disk["managedDisk"])["id"];
    return typeof id === "string" ? [id] : [];
  });
}

/** The VM whose model names a disk. Derived and not stored, so that the two cannot disagree. */
export function ownerOf(diskId: string, stamp: StampServices): ArmResource | undefined {
  const subscription = diskId.split("/").slice(0, 3).join("/");
  return stamp.resources
    .list("Microsoft.Compute/virtualMachines", subscription)
    .find((vm) => managedDiskIds(vm).some((id) => sameId(id, diskId)));
}

export function hasActiveSas(resourceId: string, deps: ComputeDeps, stamp: StampServices): boolean {
  const grant = deps.access.find(resourceId);
  return grant !== undefined && grant.expiresAtMs > stamp.now();
}

export function isDeallocated(vm: ArmResource): boolean {
  return vm.hidden?.["power"] === "deallocated";
}

/** Unattached/Attached/Reserved by the VMs, ActiveSAS by the grants, the upload states until the upload's grant is ended. */
export function diskStateOf(disk: ArmResource, deps: ComputeDeps, stamp: StampServices): DiskState {
  const isGranted = hasActiveSas(disk.id, deps, stamp);
  if (disk.hidden?.["isUploading"] === true) return isGranted ? "ActiveUpload" : "ReadyToUpload";
  if (isGranted) return "ActiveSAS";
  const owner = ownerOf(disk.id, stamp);
  if (owner === undefined) return "Unattached";
  return isDeallocated(owner) ? "Reserved" : "Attached";
}

/** What a GET shows of a disk. Versions before 2018-09-30 do not know all of it. */
export function presentDisk(
  disk: ArmResource,
  deps: ComputeDeps,
  stamp: StampServices,
  apiVersion: string,
): Record<string, unknown> {
  const owner = ownerOf(disk.id, stamp);
  const sku = objectAt(disk as unknown as Fields, "sku");
  const state = apiVersion < "2018-09-30" ? {} : { diskState: diskStateOf(disk, deps, stamp) };
  return presentForVersion(
    {
      ...presentResource(disk),
      ...(owner === undefined ? {} : { managedBy: owner.id }),
      sku: { name: sku["name"], tier: sku["name"] === "Premium_LRS" ? "Premium" : "Standard" },
      properties: { ...disk.properties, ...state },
    },
    apiVersion,
  );
}

/** Leaves out what a version of the disks' contract does not have. */
export function presentForVersion(shown: Record<string, unknown>, apiVersion: string): Record<string, unknown> {
  const { diskSizeBytes, uniqueId, incremental, hyperVGeneration, creationData, encryption, ...older } = asFields(
    shown["properties"],
  );
  const { sourceUniqueId, uploadSizeBytes, ...origin } = asFields(creationData);
  const properties = {
    ...older,
    creationData: {
      ...origin,
      ...(apiVersion >= "2019-03-01" && sourceUniqueId !== undefined ? { sourceUniqueId } : {}),
      ...(apiVersion >= "2019-03-01" && uploadSizeBytes !== undefined ? { uploadSizeBytes } : {}),
    },
    ...(apiVersion >= "2018-09-30" && hyperVGeneration !== undefined ? { hyperVGeneration } : {}),
    ...(apiVersion >= "2019-03-01" ? { diskSizeBytes, uniqueId } : {}),
    ...(apiVersion >= "2019-03-01" && incremental !== undefined ? { incremental } : {}),
    ...(apiVersion >= "2019-07-01" && encryption !== undefined ? { encryption } : {}),
  };
  return { ...shown, properties };
}
