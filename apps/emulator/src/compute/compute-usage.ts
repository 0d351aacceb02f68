import { GiB } from "@holdfast/kernel";
import type { QuotaCount, StampServices } from "../arm/provider.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { findVmSize } from "./vm-sizes.ts";

/** Name and default limit of each count (quota-types, 2020-01). */
const limits = {
  availabilitySets: { limit: 10, unit: "Count", localizedName: "Availability Sets" },
  cores: { limit: 100, unit: "Count", localizedName: "Total Regional vCPUs" },
  virtualMachines: { limit: 50, unit: "Count", localizedName: "Virtual Machines" },
  virtualMachineScaleSets: { limit: 100, unit: "Count", localizedName: "Virtual Machine Scale Sets" },
  StandardDiskSizeInGB: { limit: 2048, unit: "Count", localizedName: "Standard Managed Disk Size In GB" },
  PremiumDiskSizeInGB: { limit: 2048, unit: "Count", localizedName: "Premium Managed Disk Size In GB" },
} as const;

/** What a disk or snapshot of some GB adds to the counts. */
export function diskQuota(sku: string, sizeGB: number): Record<string, number> {
  return { [sku === "Premium_LRS" ? "PremiumDiskSizeInGB" : "StandardDiskSizeInGB"]: sizeGB };
}

/** Allocated size of disks and used size of snapshots of one SKU, in GB rounded up. */
function usedGB(sku: string, scope: string, stamp: StampServices): number {
  const disks = stamp.resources.list("Microsoft.Compute/disks", scope).filter((disk) => disk.sku?.["name"] === sku);
  const snapshots = stamp.resources
    .list("Microsoft.Compute/snapshots", scope)
    .filter((snapshot) => snapshot.sku?.["name"] === sku);
  const allocated = disks.reduce((sum, disk) => sum + (disk.properties["diskSizeGB"] as number), 0);
  const used = snapshots.reduce((sum, one) => sum + ((one.hidden?.["usedBytes"] as number | undefined) ?? 0), 0);
  return allocated + Math.ceil(used / GiB);
}

/** Cores of all VMs and scale-set instances, on or off: the platform counts both. */
function usedCores(scope: string, stamp: StampServices): number {
  const vms = stamp.resources.list("Microsoft.Compute/virtualMachines", scope);
  const sets = stamp.resources.list("Microsoft.Compute/virtualMachineScaleSets", scope);
  const ofVms = vms.reduce((sum, vm) => {
    const { vmSize } = vm.properties["hardwareProfile"] as { vmSize: string };
    return sum + (findVmSize(vmSize)?.numberOfCores ?? 0);
  }, 0);
  return sets.reduce((sum, set) => {
    const cores = findVmSize(set.sku?.["name"] as string)?.numberOfCores ?? 0;
    return sum + cores * ((set.sku?.["capacity"] as number | undefined) ?? 0);
  }, ofVms);
}

/** Present use of every limit of Microsoft.Compute in a subscription. */
export function computeUsage(subscriptionId: string, deps: ComputeDeps, stamp: StampServices): QuotaCount[] {
  const scope = `/subscriptions/${subscriptionId}`;
  const count = (type: string): number => stamp.resources.list(`Microsoft.Compute/${type}`, scope).length;
  const current: Record<keyof typeof limits, number> = {
    availabilitySets: count("availabilitySets"),
    cores: usedCores(scope, stamp),
    virtualMachines: count("virtualMachines"),
    virtualMachineScaleSets: count("virtualMachineScaleSets"),
    StandardDiskSizeInGB: usedGB("Standard_LRS", scope, stamp),
    PremiumDiskSizeInGB: usedGB("Premium_LRS", scope, stamp),
  };
  return (Object.keys(limits) as (keyof typeof limits)[]).map((name) => ({
    name,
    ...limits[name],
    limit: deps.quotas[name] ?? limits[name].limit,
    current: current[name],
  }));
}
