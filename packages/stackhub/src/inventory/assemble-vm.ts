import type {
  DiskCaching,
  NsgRule,
  PowerState,
  VmConfiguration,
  VmDisk,
  VmExtension,
  VmIpConfiguration,
  VmNic,
} from "@holdfast/domain";
import { GiB } from "@holdfast/kernel";
import { parseArmId } from "../arm/arm-id.ts";
import type { ManagedDisk } from "./wire-compute.ts";
import type { WireNic, WireNsg, WirePublicIp } from "./wire-network.ts";
import { wireExtension, type WireVm } from "./wire-vm.ts";

/** Where the parts of a VM are looked up: in lists read before, or one by one. Null for what does not exist any more. */
export interface VmParts {
  disk(id: string): Promise<ManagedDisk | null>;
  nic(id: string): Promise<WireNic | null>;
  nsg(id: string): Promise<WireNsg | null>;
  publicIp(id: string): Promise<WirePublicIp | null>;
  /** Bytes of a page blob with its footer; null where they cannot be asked. */
  blobBytes(vhdUri: string): Promise<number | null>;
}

const vhdFooterBytes = 512;

/** Joins a VM with its parts. `scaleSetId` for an instance of a scale set. */
export async function assembleVm(
  vm: WireVm,
  parts: VmParts,
  context: { readonly location: string; readonly scaleSetId: string | null },
): Promise<VmConfiguration> {
  const { properties } = vm;
  const id = parseArmId(vm.id);
  const boot = properties.diagnosticsProfile?.bootDiagnostics;
  return {
    id: vm.id,
    vmId: properties.vmId ?? "",
    name: vm.name,
    subscriptionId: id.subscriptionId,
    resourceGroup: id.resourceGroup,
    location: vm.location ?? context.location,
    sizeName: properties.hardwareProfile?.vmSize ?? vm.sku?.name ?? "",
    osType: properties.storageProfile.osDisk.osType === "Windows" ? "Windows" : "Linux",
    powerState: readPowerState(properties.instanceView?.statuses),
    disks: await assembleDisks(vm, parts),
    nics: await assembleNics(vm, parts),
    availabilitySetId: properties.availabilitySet?.id ?? null,
    scaleSetId: context.scaleSetId ?? properties.virtualMachineScaleSet?.id ?? null,
    tags: vm.tags ?? {},
    licenseType: properties.licenseType ?? null,
    plan: readPlan(vm.plan),
    bootDiagnosticsUri: boot?.enabled === true ? (boot.storageUri ?? null) : null,
    extensions: readExtensions(vm.resources),
  };
}

const powerStates: Readonly<Record<string, PowerState>> = {
  "powerstate/running": "running",
  "powerstate/stopped": "stopped",
  "powerstate/deallocated": "deallocated",
  "powerstate/starting": "starting",
  "powerstate/stopping": "stopping",
  "powerstate/deallocating": "deallocating",
};

/** `unknown` where no status names a power state: the caller must not take that for stopped. */
export function readPowerState(
  statuses: readonly { code?: string | null | undefined }[] | null | undefined,
): PowerState {
  for (const { code } of statuses ?? []) {
    const state = powerStates[code?.toLowerCase() ?? ""];
    if (state !== undefined) return state;
  }
  return "unknown";
}

async function assembleDisks(vm: WireVm, parts: VmParts): Promise<VmDisk[]> {
  const { osDisk, dataDisks } = vm.properties.storageProfile;
  const ordered = (dataDisks ?? []).toSorted((a, b) => a.lun - b.lun);
  const disks: VmDisk[] = [];
  for (const [index, wire] of [osDisk, ...ordered].entries()) {
    const lun = index === 0 ? null : ordered[index - 1]!.lun;
    const common = {
      role: index === 0 ? ("os" as const) : ("data" as const),
      lun,
      caching: readCaching(wire.caching),
    };
    const statedBytes = (wire.diskSizeGB ?? 0) * GiB;
    if (wire.managedDisk !== null && wire.managedDisk !== undefined) {
      const disk = await parts.disk(wire.managedDisk.id);
      disks.push({
        ...common,
        name: disk?.name ?? wire.name ?? parseArmId(wire.managedDisk.id).name,
        sizeBytes: disk?.sizeBytes ?? statedBytes,
        backing: {
          kind: "managed",
          diskId: disk?.id ?? wire.managedDisk.id,
          uniqueId: disk?.uniqueId ?? "",
          sku: disk?.sku ?? (wire.managedDisk.storageAccountType === "Premium_LRS" ? "Premium_LRS" : "Standard_LRS"),
        },
      });
    } else if (wire.vhd !== null && wire.vhd !== undefined) {
      const blobBytes = await parts.blobBytes(wire.vhd.uri);
      disks.push({
        ...common,
        name: wire.name ?? `${vm.name}-${lun ?? "os"}`,
        sizeBytes: blobBytes === null ? statedBytes : blobBytes - vhdFooterBytes,
        backing: { kind: "unmanaged", vhdUri: wire.vhd.uri },
      });
    }
  }
  return disks;
}

function readCaching(text: string | null | undefined): DiskCaching {
  return text === "ReadOnly" || text === "ReadWrite" ? text : "None";
}

async function assembleNics(vm: WireVm, parts: VmParts): Promise<VmNic[]> {
  const references = vm.properties.networkProfile?.networkInterfaces ?? [];
  const nics: VmNic[] = [];
  for (const reference of references) {
    const nic = await parts.nic(reference.id);
    // Deleted between two reads, or of a scale set, whose NICs are not resources of their own.
    if (nic === null) continue;
    const { properties } = nic;
    nics.push({
      id: nic.id,
      name: nic.name,
      isPrimary: reference.properties?.primary ?? properties.primary ?? references.length === 1,
      macAddress: properties.macAddress ?? null,
      ipConfigurations: await assembleAddresses(nic, parts),
      dnsServers: properties.dnsSettings?.dnsServers ?? [],
      nsg: await assembleNsg(properties.networkSecurityGroup?.id ?? null, parts),
    });
  }
  return nics;
}

async function assembleAddresses(nic: WireNic, parts: VmParts): Promise<VmIpConfiguration[]> {
  const wires = nic.properties.ipConfigurations ?? [];
  const addresses: VmIpConfiguration[] = [];
  for (const { name, properties } of wires) {
    const publicId = properties.publicIPAddress?.id ?? null;
    const publicIp = publicId === null ? null : await parts.publicIp(publicId);
    addresses.push({
      name,
      isPrimary: properties.primary ?? wires.length === 1,
      privateAddress: properties.privateIPAddress ?? null,
      privateAllocation: properties.privateIPAllocationMethod === "Static" ? "Static" : "Dynamic",
      subnetId: properties.subnet?.id ?? "",
      publicIp:
        publicId === null
          ? null
          : {
              id: publicId,
              address: publicIp?.properties.ipAddress ?? null,
              dnsLabel: publicIp?.properties.dnsSettings?.domainNameLabel ?? null,
            },
      loadBalancerPoolIds: (properties.loadBalancerBackendAddressPools ?? []).map(({ id }) => id),
    });
  }
  return addresses;
}

async function assembleNsg(id: string | null, parts: VmParts): Promise<VmNic["nsg"]> {
  if (id === null) return null;
  const nsg = await parts.nsg(id);
  const rules = nsg?.properties.securityRules ?? [];
  return { id, rules: rules.map(readRule) };
}

type WireRule = NonNullable<WireNsg["properties"]["securityRules"]>[number];

function readRule({ name, properties }: WireRule): NsgRule {
  // A rule has one prefix or a list of them; a list is kept as one text with commas.
  const one = (single: string | null | undefined, many: readonly string[] | null | undefined): string =>
    single ?? many?.join(",") ?? "*";
  return {
    name,
    priority: properties.priority,
    direction: properties.direction === "Outbound" ? "Outbound" : "Inbound",
    access: properties.access === "Allow" ? "Allow" : "Deny",
    protocol: properties.protocol,
    sourceAddressPrefix: one(properties.sourceAddressPrefix, properties.sourceAddressPrefixes),
    sourcePortRange: one(properties.sourcePortRange, properties.sourcePortRanges),
    destinationAddressPrefix: one(properties.destinationAddressPrefix, properties.destinationAddressPrefixes),
    destinationPortRange: one(properties.destinationPortRange, properties.destinationPortRanges),
  };
}

function readPlan(plan: WireVm["plan"]): VmConfiguration["plan"] {
  const { name, publisher, product } = plan ?? {};
  if (name === null || name === undefined) return null;
  return { name, publisher: publisher ?? "", product: product ?? "" };
}

function readExtensions(resources: readonly unknown[] | null | undefined): VmExtension[] {
  return (resources ?? [])
    .map((resource) => wireExtension.safeParse(resource))
    .filter((parsed) => parsed.success)
    .map(({ data }) => ({
      name: data.name,
      publisher: data.properties?.publisher ?? "",
      type: data.properties?.type ?? "",
      version: data.properties?.typeHandlerVersion ?? "",
    }));
}
