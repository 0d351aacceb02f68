import type { Inventory, QuotaUsage, VmConfiguration, VmSize } from "@holdfast/domain";
import { type Clock, HoldfastError, hasErrorCode, mapBounded } from "@holdfast/kernel";
import type { z } from "zod";
import type { ArmClient, SignalOption } from "../arm/arm-client.ts";
import { armKey } from "../arm/arm-id.ts";
import { readWire } from "../arm/read-wire.ts";
import type { ResourceCalls } from "../arm/resource-calls.ts";
import type { StorageAccounts } from "../blob/storage-accounts.ts";
import { assembleVm, type VmParts } from "./assemble-vm.ts";
import { readDisk, wireAvailabilitySet, wireScaleSet, wireUsage, wireVmSize } from "./wire-compute.ts";
import { wireLoadBalancer, wireNic, wireNsg, wirePublicIp } from "./wire-network.ts";
import { wireVm, type WireVm } from "./wire-vm.ts";

/** Single reads under way at once. A stamp's ARM is small and shared: its limits are not published. */
const readLimit = 6;

export interface InventoryDeps {
  readonly arm: ArmClient;
  readonly resources: ResourceCalls;
  readonly accounts: StorageAccounts;
  readonly clock: Clock;
  readonly stampName: string;
  readonly subscriptionId: string;
  readonly location: string;
}

/** Reads all VMs of the subscription with their parts, from whole lists and one read per VM. */
export async function takeInventory(deps: InventoryDeps, options: SignalOption = {}): Promise<Inventory> {
  const takenAtMs = deps.clock.now();
  const vms = await listOf(deps, "Microsoft.Compute/virtualMachines", wireVm, options);
  const parts = await listedParts(deps, options);
  const scaleSets = await listOf(deps, "Microsoft.Compute/virtualMachineScaleSets", wireScaleSet, options);
  const bound = { limit: readLimit, ...(options.signal === undefined ? {} : { signal: options.signal }) };
  const read = await mapBounded(vms, ({ id }, { signal }) => readOne(deps, id, parts, signal), bound);
  const instances = await mapBounded(scaleSets, ({ id }, { signal }) => readInstances(deps, id, parts, signal), bound);
  const availabilitySets = await listOf(deps, "Microsoft.Compute/availabilitySets", wireAvailabilitySet, options);
  const loadBalancers = await listOf(deps, "Microsoft.Network/loadBalancers", wireLoadBalancer, options);
  return {
    stampName: deps.stampName,
    subscriptionId: deps.subscriptionId,
    location: deps.location,
    takenAtMs,
    // A VM that was deleted between the list and its read is not there any more.
    vms: [...read.filter((vm) => vm !== null), ...instances.flat()],
    availabilitySets: availabilitySets.map(({ id, name, properties }) => ({
      id,
      name,
      resourceGroup: groupOf(id),
      faultDomainCount: properties.platformFaultDomainCount ?? 1,
      vmIds: (properties.virtualMachines ?? []).map((vm) => vm.id),
    })),
    scaleSets: scaleSets.map(({ id, name, sku }) => ({
      id,
      name,
      resourceGroup: groupOf(id),
      capacity: sku?.capacity ?? 0,
    })),
    loadBalancers: loadBalancers.map(({ id, name, properties }) => ({
      id,
      name,
      resourceGroup: groupOf(id),
      poolIds: (properties.backendAddressPools ?? []).map((pool) => pool.id),
      hasProbe: (properties.probes ?? []).length > 0,
    })),
  };
}

/** Reads one VM with its parts. Raises `stackhub.arm.not-found`. */
export async function readVm(deps: InventoryDeps, vmId: string, options: SignalOption = {}): Promise<VmConfiguration> {
  const body = await deps.resources.get(vmId, { ...options, expand: "instanceView" });
  const vm = readWire(vmId, () => wireVm.parse(body));
  return assembleVm(vm, singleParts(deps, options), { location: deps.location, scaleSetId: null });
}

async function readOne(
  deps: InventoryDeps,
  vmId: string,
  parts: VmParts,
  signal: AbortSignal,
): Promise<VmConfiguration | null> {
  const body = await deps.resources.find(vmId, { signal, expand: "instanceView" });
  if (body === null) return null;
  const vm = readWire(vmId, () => wireVm.parse(body));
  return assembleVm(vm, parts, { location: deps.location, scaleSetId: null });
}

async function readInstances(
  deps: InventoryDeps,
  scaleSetId: string,
  parts: VmParts,
  signal: AbortSignal,
): Promise<VmConfiguration[]> {
  const path = `${scaleSetId}/virtualMachines`;
  const version = deps.arm.versionOf("Microsoft.Compute/virtualMachineScaleSets");
  const instances: VmConfiguration[] = [];
  for (const item of await deps.arm.list(path, version, { signal })) {
    const vm: WireVm = readWire(path, () => wireVm.parse(item));
    instances.push(await assembleVm(vm, parts, { location: deps.location, scaleSetId }));
  }
  return instances;
}

async function listOf<T>(deps: InventoryDeps, type: string, schema: z.ZodType<T>, options: SignalOption): Promise<T[]> {
  const path = `/subscriptions/${deps.subscriptionId}/providers/${type}`;
  const items = await deps.arm.list(path, deps.arm.versionOf(type), options);
  return readWire(path, () => items.map((item) => schema.parse(item)));
}

async function listedParts(deps: InventoryDeps, options: SignalOption): Promise<VmParts> {
  const disksPath = `/subscriptions/${deps.subscriptionId}/providers/Microsoft.Compute/disks`;
  const diskItems = await deps.arm.list(disksPath, deps.arm.versionOf("Microsoft.Compute/disks"), options);
  const disks = byId(readWire(disksPath, () => diskItems.map(readDisk)));
  const nics = byId(await listOf(deps, "Microsoft.Network/networkInterfaces", wireNic, options));
  const nsgs = byId(await listOf(deps, "Microsoft.Network/networkSecurityGroups", wireNsg, options));
  const publicIps = byId(await listOf(deps, "Microsoft.Network/publicIPAddresses", wirePublicIp, options));
  return {
    disk: async (id) => disks.get(armKey(id)) ?? null,
    nic: async (id) => nics.get(armKey(id)) ?? null,
    nsg: async (id) => nsgs.get(armKey(id)) ?? null,
    publicIp: async (id) => publicIps.get(armKey(id)) ?? null,
    blobBytes: (uri) => blobBytes(deps, uri, options),
  };
}

function singleParts(deps: InventoryDeps, options: SignalOption): VmParts {
  const one = async <T>(id: string, read: (body: unknown) => T): Promise<T | null> => {
    const body = await deps.resources.find(id, options);
    return body === null ? null : readWire(id, () => read(body));
  };
  return {
    disk: (id) => one(id, readDisk),
    nic: (id) => one(id, (body) => wireNic.parse(body)),
    nsg: (id) => one(id, (body) => wireNsg.parse(body)),
    publicIp: (id) => one(id, (body) => wirePublicIp.parse(body)),
    blobBytes: (uri) => blobBytes(deps, uri, options),
  };
}

/** Length of a VHD; null where the identity may not read the keys or the blob is gone: the stated size then serves. */
async function blobBytes(deps: InventoryDeps, vhdUri: string, options: SignalOption): Promise<number | null> {
  try {
    return await deps.accounts.blobLength(vhdUri, options);
  } catch (error) {
    const isHidden = ["stackhub.arm.forbidden", "stackhub.blob.not-found", "stackhub.blob.unknown-account"].some(
      (code) => hasErrorCode(error, code),
    );
    if (error instanceof HoldfastError && isHidden) return null;
    throw error;
  }
}

function byId<T extends { readonly id: string }>(items: readonly T[]): Map<string, T> {
  return new Map(items.map((item) => [armKey(item.id), item]));
}

function groupOf(id: string): string {
  return id.split("/")[4] ?? "";
}

/** Sizes that the stamp offers. */
export async function listVmSizes(deps: InventoryDeps, options: SignalOption = {}): Promise<VmSize[]> {
  const path = `/subscriptions/${deps.subscriptionId}/providers/Microsoft.Compute/locations/${deps.location}/vmSizes`;
  const items = await deps.arm.list(path, deps.arm.versionOf("Microsoft.Compute/virtualMachines"), options);
  return readWire(path, () => items.map((item) => wireVmSize.parse(item))).map((size) => ({
    name: size.name,
    cores: size.numberOfCores,
    memoryMiB: size.memoryInMB,
    maxDataDisks: size.maxDataDiskCount ?? 0,
  }));
}

/** Usages of compute and network in the subscription. */
export async function listUsages(deps: InventoryDeps, options: SignalOption = {}): Promise<QuotaUsage[]> {
  return [
    ...(await listUsagesOf("Microsoft.Compute/virtualMachines", deps, options)),
    ...(await listUsagesOf("Microsoft.Network/networkInterfaces", deps, options)),
    ...(await listStorageUsages(deps, options)),
  ];
}

/** Not every stamp tells them, nor every role lets them be read: the count of accounts is then left out. */
async function listStorageUsages(deps: InventoryDeps, options: SignalOption): Promise<QuotaUsage[]> {
  try {
    return await listUsagesOf("Microsoft.Storage/storageAccounts", deps, options);
  } catch (error) {
    const isUntold = ["forbidden", "not-found", "unsupported", "refused"].some((reason) =>
      hasErrorCode(error, `stackhub.arm.${reason}`),
    );
    if (!isUntold) throw error;
    return [];
  }
}

async function listUsagesOf(type: string, deps: InventoryDeps, options: SignalOption): Promise<QuotaUsage[]> {
  const namespace = type.split("/")[0]!;
  const path = `/subscriptions/${deps.subscriptionId}/providers/${namespace}/locations/${deps.location}/usages`;
  const items = await deps.arm.list(path, deps.arm.versionOf(type), options);
  return readWire(path, () => items.map((item) => wireUsage.parse(item))).map((usage) => ({
    name: usage.name.value,
    unit: usage.unit ?? "Count",
    current: usage.currentValue,
    limit: usage.limit,
  }));
}
