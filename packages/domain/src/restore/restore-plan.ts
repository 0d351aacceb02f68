import { GiB } from "@holdfast/kernel";
import type { QuotaUsage, VmSize } from "../inventory/capability.ts";
import type { DiskCaching, DiskSku, VmConfiguration } from "../inventory/vm.ts";
import { armId, problemOfDiskName, problemOfVmName } from "../platform/resource-names.ts";
import type { PointDisk, RecoveryPoint } from "../recovery-point/recovery-point.ts";

/** The largest disk of the platform. Source: managed-disk-considerations. */
export const largestDiskGiB = 1023;

/** What the user chose for the restored VM. Everything left out comes from the point. */
export interface RestoreWish {
  readonly vmName: string;
  readonly resourceGroup: string;
  /** The subnet of every NIC, or one by the name of the NIC's old subnet id. */
  readonly subnetId?: string;
  readonly subnetByOldId?: Readonly<Record<string, string>>;
  readonly sizeName?: string;
  readonly sku?: DiskSku;
  /** Keeps private addresses; otherwise the platform gives new ones. */
  readonly keepsAddresses?: boolean;
  readonly nsgId?: string | null;
  readonly availabilitySetId?: string | null;
  readonly loadBalancerPoolIds?: readonly string[];
  readonly bootDiagnosticsUri?: string | null;
  readonly startsVm?: boolean;
}

export interface PlannedDisk {
  readonly source: PointDisk;
  readonly name: string;
  readonly diskId: string;
  readonly sku: DiskSku;
  readonly caching: DiskCaching;
  readonly osType: "Linux" | "Windows" | null;
  /** The page blob's bytes: the disk rounded up to whole MiB, and the VHD footer. */
  readonly blobBytes: number;
  readonly blobName: string;
}

export interface PlannedIpConfiguration {
  readonly name: string;
  readonly subnetId: string;
  /** A static address, or null for one that the platform gives. */
  readonly privateAddress: string | null;
}

export interface PlannedNic {
  readonly name: string;
  readonly nicId: string;
  /** Of the primary IP configuration, as is the address. */
  readonly subnetId: string;
  readonly privateAddress: string | null;
  readonly secondaryIps: readonly PlannedIpConfiguration[];
  readonly nsgId: string | null;
  readonly loadBalancerPoolIds: readonly string[];
}

export interface PlanFinding {
  readonly severity: "blocks" | "warns";
  readonly message: string;
}

/** All that a restore will do, to be shown before the first write. */
export interface RestorePlan {
  readonly pointId: string;
  readonly stampName: string;
  readonly runId: string;
  readonly vmName: string;
  readonly vmId: string;
  readonly resourceGroup: string;
  readonly sizeName: string;
  readonly osType: "Linux" | "Windows";
  readonly disks: readonly PlannedDisk[];
  readonly nics: readonly PlannedNic[];
  readonly staging: { readonly accountName: string; readonly container: string };
  readonly availabilitySetId: string | null;
  readonly licenseType: string | null;
  readonly plan: VmConfiguration["plan"];
  readonly bootDiagnosticsUri: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly startsVm: boolean;
  /** Extensions that have to be installed again: their settings cannot be read back. */
  readonly extensionsToReinstall: readonly string[];
  readonly findings: readonly PlanFinding[];
}

/** What the target stamp said just before. */
export interface RestoreTarget {
  readonly stampName: string;
  readonly subscriptionId: string;
  readonly usages: readonly QuotaUsage[];
  readonly sizes: readonly VmSize[];
  /** ARM ids, lower case, that were asked for and exist. */
  readonly existingIds: ReadonlySet<string>;
}

export interface RestorePlanInput {
  readonly point: RecoveryPoint;
  readonly wish: RestoreWish;
  readonly target: RestoreTarget;
  readonly runId: string;
}

/** The ids whose existence the plan needs to know. */
export function idsToLookUp(
  input: Omit<RestorePlanInput, "target"> & Pick<RestoreTarget, "stampName" | "subscriptionId">,
): string[] {
  const target = { usages: [], sizes: [], existingIds: new Set<string>(), ...input };
  const plan = planVmRestore({ ...input, target });
  const ids = [plan.vmId, ...plan.disks.map((disk) => disk.diskId), ...plan.nics.map((nic) => nic.nicId)];
  for (const nic of plan.nics) ids.push(...subnetIdsOf(nic), ...(nic.nsgId === null ? [] : [nic.nsgId]));
  if (plan.availabilitySetId !== null) ids.push(plan.availabilitySetId);
  ids.push(stagingAccountId(plan.staging.accountName, plan.vmId));
  if (isAtHome(input.point, input)) ids.push(...neighbourIds(input.point.instance));
  return [...new Set(ids)];
}

/** True where a point goes back to the subscription that it is from: what surrounded its VM may still be there. */
function isAtHome(point: RecoveryPoint, target: Pick<RestoreTarget, "stampName" | "subscriptionId">): boolean {
  return point.stampName === target.stampName && point.instance.subscriptionId === target.subscriptionId;
}

/** The VM itself, and what it was behind and in: security groups, load balancers, availability set. */
function neighbourIds(instance: VmConfiguration): string[] {
  const pools = instance.nics.flatMap((nic) => nic.ipConfigurations.flatMap((ip) => ip.loadBalancerPoolIds));
  const groups = instance.nics.flatMap((nic) => (nic.nsg === null ? [] : [nic.nsg.id]));
  const set = instance.availabilitySetId === null ? [] : [instance.availabilitySetId];
  return [instance.id, ...groups, ...pools.map(loadBalancerOf), ...set];
}

function loadBalancerOf(poolId: string): string {
  return poolId.split("/").slice(0, 9).join("/");
}

/** What of the old surroundings the restored VM takes again, where nothing else was asked for. */
function keepSurroundings(point: RecoveryPoint, target: RestoreTarget, wish: RestoreWish) {
  const { instance } = point;
  const exists = (id: string): boolean => isAtHome(point, target) && target.existingIds.has(id.toLowerCase());
  const set = instance.availabilitySetId;
  const groupOf = (id: string): string | undefined => id.split("/")[4]?.toLowerCase();
  return {
    nsgOf: (nic: VmConfiguration["nics"][number]): string | null =>
      nic.nsg !== null && exists(nic.nsg.id) ? nic.nsg.id : null,
    // A copy beside the VM that still serves must not be given its callers.
    poolsOf: (ids: readonly string[]): readonly string[] =>
      exists(instance.id) ? [] : ids.filter((id) => exists(loadBalancerOf(id))),
    // The platform puts a VM only in a set of its own resource group.
    availabilitySetId: set !== null && exists(set) && groupOf(set) === wish.resourceGroup.toLowerCase() ? set : null,
  };
}

/** Plans a restore and checks it against what the target said. Pure: the same input gives the same plan. */
export function planVmRestore(input: RestorePlanInput): RestorePlan {
  const { point, wish, target, runId } = input;
  const { instance } = point;
  const place = { subscriptionId: target.subscriptionId, resourceGroup: wish.resourceGroup };
  const short = runId.replaceAll("-", "").slice(0, 8);
  const disks = point.disks.map((disk) => planDisk(disk, { point, wish, place, short }));
  const kept = keepSurroundings(point, target, wish);
  const nics = instance.nics.map((nic, index): PlannedNic => {
    const address = nic.ipConfigurations.find((ip) => ip.isPrimary) ?? nic.ipConfigurations[0];
    const subnetOf = (before: string | undefined): string =>
      wish.subnetByOldId?.[before ?? ""] ?? wish.subnetId ?? before ?? "";
    const addressOf = (before: { readonly privateAddress: string | null } | undefined): string | null =>
      wish.keepsAddresses === true ? (before?.privateAddress ?? null) : null;
    const name = `${wish.vmName}-nic${index}-${short}`;
    return {
      name,
      nicId: armId(place, "Microsoft.Network/networkInterfaces", name),
      subnetId: subnetOf(address?.subnetId),
      privateAddress: addressOf(address),
      secondaryIps: nic.ipConfigurations
        .filter((ip) => ip !== address)
        .map((ip) => ({ name: ip.name, subnetId: subnetOf(ip.subnetId), privateAddress: addressOf(ip) })),
      nsgId: wish.nsgId === undefined ? kept.nsgOf(nic) : wish.nsgId,
      loadBalancerPoolIds:
        wish.loadBalancerPoolIds === undefined
          ? kept.poolsOf(address?.loadBalancerPoolIds ?? [])
          : index === 0
            ? wish.loadBalancerPoolIds
            : [],
    };
  });
  const plan: RestorePlan = {
    pointId: point.id,
    stampName: target.stampName,
    runId,
    vmName: wish.vmName,
    vmId: armId(place, "Microsoft.Compute/virtualMachines", wish.vmName),
    resourceGroup: wish.resourceGroup,
    sizeName: wish.sizeName ?? instance.sizeName,
    osType: instance.osType,
    disks,
    nics,
    staging: { accountName: stagingAccountName(place), container: "holdfast-staging" },
    availabilitySetId: wish.availabilitySetId === undefined ? kept.availabilitySetId : wish.availabilitySetId,
    licenseType: instance.licenseType,
    plan: instance.plan,
    bootDiagnosticsUri: wish.bootDiagnosticsUri ?? null,
    tags: instance.tags,
    startsVm: wish.startsVm ?? false,
    extensionsToReinstall: instance.extensions.map((extension) => extension.name),
    findings: [],
  };
  return { ...plan, findings: checkPlan(plan, point, target) };
}

/** The page blob of a disk: whole MiB, as Import wants it, and the 512-byte footer. */
export function stagingBlobBytes(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 1024 ** 2) * 1024 ** 2 + 512;
}

/** One account per resource group, so that restores to it share one: FNV-1a over where it is. */
export function stagingAccountName(place: { readonly subscriptionId: string; readonly resourceGroup: string }): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(`${place.subscriptionId}/${place.resourceGroup}`.toLowerCase())) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return `hfstage${hash.toString(16).padStart(16, "0")}`;
}

function planDisk(
  disk: PointDisk,
  context: {
    readonly point: RecoveryPoint;
    readonly wish: RestoreWish;
    readonly place: { readonly subscriptionId: string; readonly resourceGroup: string };
    readonly short: string;
  },
): PlannedDisk {
  const { point, wish, place, short } = context;
  const slot = disk.role === "os" ? "os" : `lun${disk.lun}`;
  const name = `${wish.vmName}-${slot}-${short}`;
  const before = point.instance.disks.find((known) => known.role === disk.role && known.lun === disk.lun);
  return {
    source: disk,
    name,
    diskId: armId(place, "Microsoft.Compute/disks", name),
    sku: wish.sku ?? (before?.backing.kind === "managed" ? before.backing.sku : "Standard_LRS"),
    caching: before?.caching ?? "None",
    osType: disk.role === "os" ? point.instance.osType : null,
    blobBytes: stagingBlobBytes(disk.image.sizeBytes),
    blobName: `${name}.vhd`,
  };
}

function subnetIdsOf(nic: PlannedNic): string[] {
  return [...new Set([nic.subnetId, ...nic.secondaryIps.map((ip) => ip.subnetId)])];
}

function checkPlan(plan: RestorePlan, point: RecoveryPoint, target: RestoreTarget): PlanFinding[] {
  const findings: PlanFinding[] = [];
  const block = (message: string): number => findings.push({ severity: "blocks", message });
  const exists = (id: string): boolean => target.existingIds.has(id.toLowerCase());
  const nameProblem = problemOfVmName(plan.vmName, plan.osType);
  if (nameProblem !== null) block(`the VM name '${plan.vmName}' ${nameProblem}`);
  if (exists(plan.vmId)) block(`a VM named '${plan.vmName}' exists in resource group '${plan.resourceGroup}'`);
  if (plan.nics.length === 0) block("the point has no network interface to make");
  for (const nic of plan.nics) {
    for (const subnetId of subnetIdsOf(nic)) {
      if (!exists(subnetId)) block(`the subnet '${subnetId}' does not exist on stamp '${target.stampName}'`);
    }
    if (nic.nsgId !== null && !exists(nic.nsgId)) block(`the network security group '${nic.nsgId}' does not exist`);
  }
  if (plan.availabilitySetId !== null && !exists(plan.availabilitySetId)) {
    block(`the availability set '${plan.availabilitySetId}' does not exist`);
  }
  for (const disk of plan.disks) {
    const problem = problemOfDiskName(disk.name);
    if (problem !== null) block(`the disk name '${disk.name}' ${problem}`);
    if (exists(disk.diskId)) block(`a disk named '${disk.name}' exists in '${plan.resourceGroup}'`);
    if (diskGiB(disk) > largestDiskGiB) block(`disk '${disk.name}' is larger than ${largestDiskGiB} GiB`);
  }
  const size = target.sizes.find((offered) => offered.name.toLowerCase() === plan.sizeName.toLowerCase());
  if (size === undefined) block(`the size '${plan.sizeName}' is not offered by stamp '${target.stampName}'`);
  const dataDisks = plan.disks.filter((disk) => disk.source.role === "data").length;
  if (size !== undefined && dataDisks > size.maxDataDisks) {
    block(`the size '${size.name}' takes ${size.maxDataDisks} data disks, the point has ${dataDisks}`);
  }
  const accounts = exists(stagingAccountId(plan.staging.accountName, plan.vmId)) ? 0 : 1;
  const needed = { disks: plan.disks, nics: plan.nics.length, accounts };
  for (const message of quotaProblems(needed, { cores: size?.cores ?? 0 }, target.usages)) block(message);
  for (const message of warningsOf(plan, point)) findings.push({ severity: "warns", message });
  return findings;
}

function warningsOf(plan: RestorePlan, point: RecoveryPoint): string[] {
  const warnings: string[] = [];
  if (point.tornRisk.isAtRisk) warnings.push(`torn risk: ${point.tornRisk.reasons.join("; ")}`);
  if (point.instance.availabilitySetId !== null && plan.availabilitySetId === null) {
    warnings.push("the source was in an availability set; the restored VM is in none");
  }
  if (point.instance.nics.some((nic) => nic.nsg !== null) && plan.nics.every((nic) => nic.nsgId === null)) {
    warnings.push("the source's NIC had a network security group; the restored one has none");
  }
  const hadPools = point.instance.nics.some((nic) =>
    nic.ipConfigurations.some((ip) => ip.loadBalancerPoolIds.length > 0),
  );
  if (hadPools && plan.nics.every((nic) => nic.loadBalancerPoolIds.length === 0)) {
    warnings.push("the source was behind a load balancer; the restored VM is behind none");
  }
  if (plan.extensionsToReinstall.length > 0) {
    warnings.push(`extensions to install again: ${plan.extensionsToReinstall.join(", ")}`);
  }
  if (point.instance.bootDiagnosticsUri !== null && plan.bootDiagnosticsUri === null) {
    warnings.push("boot diagnostics are left out: a VM does not start when their storage account is gone");
  }
  return warnings;
}

function diskGiB(disk: PlannedDisk): number {
  return Math.ceil((disk.blobBytes - 512) / GiB);
}

/** The staging account's id: it lies in the resource group of what is restored. */
function stagingAccountId(accountName: string, restoredId: string): string {
  return `${restoredId.split("/").slice(0, 5).join("/")}/providers/Microsoft.Storage/storageAccounts/${accountName}`;
}

/**
 * What a restore needs against what is left, in the platform's counting: allocated disk sizes per SKU, VMs, cores, NICs
 * and storage accounts. A quota that the stamp does not tell is not checked.
 */
export function quotaProblems(
  plan: Pick<RestorePlan, "disks"> & { readonly nics: number; readonly accounts: number },
  vm: { readonly cores: number } | null,
  usages: readonly QuotaUsage[],
): string[] {
  const needs = new Map<string, number>([
    ["cores", vm?.cores ?? 0],
    ["virtualmachines", vm === null ? 0 : 1],
    ["networkinterfaces", plan.nics],
    ["storageaccounts", plan.accounts],
    ["standarddisksizeingb", 0],
    ["premiumdisksizeingb", 0],
  ]);
  for (const disk of plan.disks) {
    const name = disk.sku === "Premium_LRS" ? "premiumdisksizeingb" : "standarddisksizeingb";
    needs.set(name, (needs.get(name) ?? 0) + diskGiB(disk));
  }
  return usages.flatMap((usage) => {
    const need = needs.get(usage.name.toLowerCase()) ?? 0;
    if (need === 0 || usage.current + need <= usage.limit) return [];
    return [`quota '${usage.name}': ${need} needed, ${usage.limit - usage.current} of ${usage.limit} left`];
  });
}
