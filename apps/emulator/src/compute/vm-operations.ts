import type { OperationHandler, StampServices } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import { notFound } from "./compute-errors.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { provisionDisk } from "./disk-operations.ts";
import { managedDiskIds } from "./disk-state.ts";
import { bodyKey, rememberVm, requireStartable, startVm, stopVm } from "./vm-body-control.ts";
import { presentVm } from "./vm-instance-view.ts";
import { vhdUris } from "./vm-storage.ts";

type Step = (vm: ArmResource, deps: ComputeDeps, stamp: StampServices) => Promise<ArmResource>;

function vmOf(id: string, stamp: StampServices): ArmResource {
  const vm = stamp.resources.get(id);
  if (vm === undefined) throw notFound("Microsoft.Compute/virtualMachines", id.split("/").at(-1) ?? "");
  return vm;
}

/** Leases the blobs that are disks of the VM and lets go of those that no longer are. */
async function settleLeases(
  vm: ArmResource,
  isDeleted: boolean,
  deps: ComputeDeps,
  stamp: StampServices,
): Promise<void> {
  const wanted = isDeleted ? [] : vhdUris(vm);
  const leased = (vm.hidden?.["leased"] ?? []) as string[];
  for (const uri of leased.filter((one) => !wanted.includes(one))) await deps.blobs.setVmLease(uri, false);
  for (const uri of wanted.filter((one) => !leased.includes(one))) await deps.blobs.setVmLease(uri, true);
  if (!isDeleted && (wanted.length > 0 || leased.length > 0))
    await rememberVm(vm, stamp, { hidden: { leased: wanted } });
}

/** Gives a VM its disks and, where it is new, starts it. A body that runs is restarted: it has no hot plug. */
async function putVm(id: string, isNew: boolean, deps: ComputeDeps, stamp: StampServices): Promise<ArmResource> {
  const vm = vmOf(id, stamp);
  try {
    for (const diskId of managedDiskIds(vm)) await provisionDisk(diskId, deps, stamp);
    await settleLeases(vm, false, deps, stamp);
    const isRunning = deps.bodies.isRunning(bodyKey(vm));
    const signature = JSON.stringify([managedDiskIds(vm), vhdUris(vm)]);
    const isChanged = isRunning && vm.hidden?.["bodyDisks"] !== signature;
    if (isChanged) await deps.bodies.stop(bodyKey(vm));
    if (isNew) requireStartable(vm, deps, stamp);
    if (isNew || isChanged) {
      await startVm(vmOf(id, stamp), deps, stamp);
      await rememberVm(vm, stamp, { hidden: { bodyDisks: signature } });
    }
  } catch (error) {
    await rememberVm(vm, stamp, { provisioningState: "Failed" });
    throw error;
  }
  return rememberVm(vm, stamp, { provisioningState: "Succeeded" });
}

async function startAgain(vm: ArmResource, deps: ComputeDeps, stamp: StampServices): Promise<ArmResource> {
  requireStartable(vm, deps, stamp);
  const started = await startVm(vm, deps, stamp);
  const signature = JSON.stringify([managedDiskIds(vm), vhdUris(vm)]);
  return rememberVm(started, stamp, { hidden: { bodyDisks: signature } });
}

async function powerCycle(vm: ArmResource, deps: ComputeDeps, stamp: StampServices): Promise<ArmResource> {
  return startAgain(await stopVm(vm, "stopped", deps, stamp), deps, stamp);
}

/** Off by the switch: the VM keeps its place. One that is deallocated has none to keep. */
async function powerOff(vm: ArmResource, deps: ComputeDeps, stamp: StampServices): Promise<ArmResource> {
  return vm.hidden?.["power"] === "deallocated" ? vm : stopVm(vm, "stopped", deps, stamp);
}

function power(step: Step, deps: ComputeDeps): OperationHandler {
  return async (start, stamp) => {
    await step(vmOf(start.resourceId, stamp), deps, stamp);
    return undefined;
  };
}

async function deleteVm(id: string, deps: ComputeDeps, stamp: StampServices): Promise<void> {
  const vm = stamp.resources.get(id);
  if (vm === undefined) return;
  await deps.bodies.stop(bodyKey(vm));
  await settleLeases(vm, true, deps, stamp);
  for (const below of stamp.resources.listBelow(vm.id)) await stamp.resources.delete(below.id);
  await stamp.resources.delete(vm.id);
}

export function vmOperations(deps: ComputeDeps): Record<string, OperationHandler> {
  return {
    "compute.vm.put": async (start, stamp) => {
      const vm = await putVm(start.resourceId, start.arguments["isNew"] === true, deps, stamp);
      return presentVm(vm, { deps, stamp });
    },
    "compute.vm.start": power(startAgain, deps),
    "compute.vm.powerOff": power(powerOff, deps),
    "compute.vm.deallocate": power((vm, _deps, stamp) => stopVm(vm, "deallocated", deps, stamp), deps),
    "compute.vm.restart": power(powerCycle, deps),
    "compute.vm.redeploy": power(powerCycle, deps),
    "compute.vm.delete": async (start, stamp) => deleteVm(start.resourceId, deps, stamp),
  };
}

/**
 * Starts a VM that ran when the emulator ended, and moves it off a lost node. One that cannot be started is shown as
 * failed and keeps nobody else from starting.
 */
export async function resumeVm(id: string, deps: ComputeDeps, stamp: StampServices): Promise<void> {
  const vm = stamp.resources.get(id);
  if (vm?.hidden?.["power"] !== "running" || vm.properties["provisioningState"] === "Deleting") return;
  const isLost = deps.isNodeLost((vm.hidden["node"] as number | undefined) ?? 0);
  if (isLost) await deps.bodies.stop(bodyKey(vm));
  if (!isLost && deps.bodies.isRunning(bodyKey(vm))) return;
  try {
    await startVm(vm, deps, stamp);
  } catch {
    await rememberVm(vm, stamp, { provisioningState: "Failed", hidden: { power: "stopped" } });
  }
}

/** A guest that powered itself off leaves its VM stopped, as on the platform: it still holds its place. */
export async function noteGuestOff(id: string, stamp: StampServices): Promise<void> {
  const vm = stamp.resources.get(id);
  if (vm?.hidden?.["power"] === "running") await rememberVm(vm, stamp, { hidden: { power: "stopped" } });
}
