import { ArmError, type StampServices } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import type { BodyDisk } from "../bodies/vm-body.ts";
import { notAllowed } from "./compute-errors.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { hasActiveSas, managedDiskIds } from "./disk-state.ts";
import type { Fields } from "./request-fields.ts";
import { vhdFooterBytes } from "./vhd-footer.ts";
import { placeVm } from "./vm-placement.ts";
import { findVmSize } from "./vm-sizes.ts";

/** The body's name: VM ids are unique over all stamps. */
export function bodyKey(vm: ArmResource): string {
  return vm.properties["vmId"] as string;
}

function volumeOf(disk: Fields, deps: ComputeDeps, stamp: StampServices): string | undefined {
  const { managedDisk, vhd } = disk as { managedDisk?: { id: string }; vhd?: { uri: string } };
  if (vhd !== undefined) return deps.blobs.find(vhd.uri)?.volumeId;
  return stamp.resources.get(managedDisk?.id ?? "")?.hidden?.["volumeId"] as string | undefined;
}

function bodyDisks(vm: ArmResource, deps: ComputeDeps, stamp: StampServices): BodyDisk[] {
  const storage = vm.properties["storageProfile"] as { osDisk: Fields; dataDisks: Fields[] };
  return [storage.osDisk, ...storage.dataDisks].map((disk, index) => {
    const volumeId = volumeOf(disk, deps, stamp);
    const volume = volumeId === undefined ? undefined : deps.pages.open(volumeId);
    if (volume === undefined) {
      throw new ArmError(409, "DiskNotReady", `Disk ${disk["name"]} of VM ${vm.name} has no content.`);
    }
    const lun = index === 0 ? null : (disk["lun"] as number);
    return { lun, volumeId: volume.id, visibleBytes: volume.sizeBytes - vhdFooterBytes };
  });
}

/** Refuses to start a VM while a disk of it is read through a SAS. */
export function requireStartable(vm: ArmResource, deps: ComputeDeps, stamp: StampServices): void {
  const busy = managedDiskIds(vm).find((id) => hasActiveSas(id, deps, stamp));
  if (busy !== undefined) {
    throw notAllowed(
      `VM ${vm.name} cannot be started: disk ${busy} has an active shared access signature. Call EndGetAccess first.`,
    );
  }
}

/** Boot diagnostics write to a storage account: a VM whose account is gone does not start (a known issue of the platform). */
function requireDiagnosticsAccount(vm: ArmResource, stamp: StampServices): void {
  const diagnostics = (vm.properties["diagnosticsProfile"] ?? {}) as {
    bootDiagnostics?: { enabled?: boolean; storageUri?: string };
  };
  const { enabled, storageUri } = diagnostics.bootDiagnostics ?? {};
  if (enabled !== true || storageUri === undefined) return;
  const account = URL.canParse(storageUri) ? new URL(storageUri).hostname.split(".")[0] : undefined;
  const accounts = stamp.resources.list("Microsoft.Storage/storageAccounts", "");
  if (accounts.some((one) => one.name.toLowerCase() === account?.toLowerCase())) return;
  throw new ArmError(
    409,
    "StorageAccountNotFound",
    `The storage account '${account ?? storageUri}' of the boot diagnostics of VM ${vm.name} was not found.`,
  );
}

/** Keeps what changed in the hidden part of a VM. */
export async function rememberVm(
  vm: ArmResource,
  stamp: StampServices,
  change: { readonly hidden?: Record<string, unknown>; readonly provisioningState?: string },
): Promise<ArmResource> {
  const present = stamp.resources.get(vm.id) ?? vm;
  const { provisioningState } = change;
  const kept: ArmResource = {
    ...present,
    properties: { ...present.properties, ...(provisioningState === undefined ? {} : { provisioningState }) },
    hidden: { ...present.hidden, ...change.hidden },
  };
  await stamp.resources.put(kept);
  return kept;
}

/** Starts a VM's body, placing the VM where it is not placed. Does nothing to one that runs. */
export async function startVm(vm: ArmResource, deps: ComputeDeps, stamp: StampServices): Promise<ArmResource> {
  requireDiagnosticsAccount(vm, stamp);
  const isPlaced =
    vm.hidden?.["power"] !== "deallocated" && !deps.isNodeLost((vm.hidden?.["node"] as number | undefined) ?? 0);
  const placement = isPlaced ? {} : placeVm(vm, deps, stamp);
  if (!deps.bodies.isRunning(bodyKey(vm))) {
    const size = findVmSize((vm.properties["hardwareProfile"] as Fields)["vmSize"] as string);
    await deps.bodies.start({
      vmKey: bodyKey(vm),
      memoryMiB: size?.memoryInMB ?? 1024,
      cores: size?.numberOfCores ?? 1,
      disks: bodyDisks(vm, deps, stamp),
    });
  }
  return rememberVm(vm, stamp, { hidden: { ...placement, power: "running" } });
}

/** Switches a VM off; `power` says whether it keeps its place. */
export async function stopVm(
  vm: ArmResource,
  power: "stopped" | "deallocated",
  deps: ComputeDeps,
  stamp: StampServices,
): Promise<ArmResource> {
  await deps.bodies.stop(bodyKey(vm));
  return rememberVm(vm, stamp, { hidden: { power } });
}
