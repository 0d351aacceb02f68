import type { DiskCaching, PowerState, VmConfiguration } from "@holdfast/domain";
import { z } from "zod";
import type { SignalOption } from "../arm/arm-client.ts";
import { armKey } from "../arm/arm-id.ts";
import type { OperationOption } from "../arm/long-running.ts";
import { readWire } from "../arm/read-wire.ts";
import { nameTaken, type ResourceCalls } from "../arm/resource-calls.ts";
import { readPowerState } from "../inventory/assemble-vm.ts";
import { wireNic } from "../inventory/wire-network.ts";
import { wireStatuses, wireVm } from "../inventory/wire-vm.ts";

export interface VmDeps {
  readonly resources: ResourceCalls;
  readonly subscriptionId: string;
  readonly location: string;
  readonly readVm: (vmId: string, options?: SignalOption) => Promise<VmConfiguration>;
}

export interface NewVm {
  readonly name: string;
  readonly resourceGroup: string;
  readonly sizeName: string;
  readonly osType: "Linux" | "Windows";
  readonly osDisk: { readonly diskId: string; readonly caching: DiskCaching };
  readonly dataDisks: readonly { readonly diskId: string; readonly lun: number; readonly caching: DiskCaching }[];
  readonly nicIds: readonly string[];
  readonly availabilitySetId: string | null;
  readonly licenseType: string | null;
  readonly plan: { readonly name: string; readonly publisher: string; readonly product: string } | null;
  readonly bootDiagnosticsUri: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

interface WantedIp {
  readonly name: string;
  readonly subnetId: string;
  readonly privateAddress: string | null;
}

export interface NewNic {
  readonly name: string;
  readonly resourceGroup: string;
  readonly subnetId: string;
  readonly privateAddress: string | null;
  readonly secondaryIps: readonly WantedIp[];
  readonly nsgId: string | null;
  readonly loadBalancerPoolIds: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/** VMs and their NICs made for a restore, and power. */
export interface Vms {
  createNic(wanted: NewNic, options?: OperationOption): Promise<{ readonly id: string }>;
  createVm(wanted: NewVm, options?: OperationOption): Promise<VmConfiguration>;
  start(vmId: string, options?: OperationOption): Promise<void>;
  deallocate(vmId: string, options?: OperationOption): Promise<void>;
  powerState(vmId: string, options?: SignalOption): Promise<PowerState>;
}

export function createVms(deps: VmDeps): Vms {
  const { resources } = deps;
  const idOf = (resourceGroup: string, type: string, name: string): string =>
    `/subscriptions/${deps.subscriptionId}/resourceGroups/${resourceGroup}/providers/${type}/${name}`;
  return {
    createNic: async (wanted, options = {}) => {
      const id = idOf(wanted.resourceGroup, "Microsoft.Network/networkInterfaces", wanted.name);
      const existing = await resources.find(id, options);
      if (existing !== null) checkNic(id, existing, wanted);
      const made = await resources.put(id, nicBody(deps.location, wanted), options);
      return { id: readWire(id, () => z.object({ id: z.string() }).parse(made)).id };
    },
    createVm: async (wanted, options = {}) => {
      const id = idOf(wanted.resourceGroup, "Microsoft.Compute/virtualMachines", wanted.name);
      const existing = await resources.find(id, options);
      if (existing !== null) checkVm(id, existing, wanted);
      await resources.put(id, vmBody(deps.location, wanted), options);
      return deps.readVm(id, options);
    },
    start: async (vmId, options) => {
      await resources.act(vmId, "start", options);
    },
    deallocate: async (vmId, options) => {
      await resources.act(vmId, "deallocate", options);
    },
    powerState: async (vmId, options) => {
      const body = await resources.get(vmId, { ...options, expand: "instanceView" });
      const view = z.object({ properties: z.object({ instanceView: wireStatuses.nullish() }) });
      return readPowerState(readWire(vmId, () => view.parse(body)).properties.instanceView?.statuses);
    },
  };
}

function nicBody(location: string, wanted: NewNic): unknown {
  return {
    location,
    tags: wanted.tags,
    properties: {
      ...(wanted.nsgId === null ? {} : { networkSecurityGroup: { id: wanted.nsgId } }),
      ipConfigurations: [
        {
          name: "ipconfig1",
          properties: {
            ...(wanted.secondaryIps.length === 0 ? {} : { primary: true }),
            ...placeBody(wanted),
            ...(wanted.loadBalancerPoolIds.length === 0
              ? {}
              : { loadBalancerBackendAddressPools: wanted.loadBalancerPoolIds.map((id) => ({ id })) }),
          },
        },
        ...wanted.secondaryIps.map((ip, index) => ({
          // A name of the source may be the one that the primary has here.
          name: ip.name === "ipconfig1" ? `ipconfig1-${index + 2}` : ip.name,
          properties: { primary: false, ...placeBody(ip) },
        })),
      ],
    },
  };
}

function placeBody({ subnetId, privateAddress }: Pick<WantedIp, "subnetId" | "privateAddress">): object {
  return {
    subnet: { id: subnetId },
    ...(privateAddress === null
      ? { privateIPAllocationMethod: "Dynamic" }
      : { privateIPAllocationMethod: "Static", privateIPAddress: privateAddress }),
  };
}

/** A VM on disks that exist: no osProfile and no image, because the disk holds a system that is set up already. */
function vmBody(location: string, wanted: NewVm): unknown {
  return {
    location,
    tags: wanted.tags,
    ...(wanted.plan === null ? {} : { plan: wanted.plan }),
    properties: {
      hardwareProfile: { vmSize: wanted.sizeName },
      storageProfile: {
        osDisk: {
          createOption: "Attach",
          osType: wanted.osType,
          caching: wanted.osDisk.caching,
          managedDisk: { id: wanted.osDisk.diskId },
        },
        dataDisks: wanted.dataDisks.map(({ diskId, lun, caching }) => ({
          lun,
          createOption: "Attach",
          caching,
          managedDisk: { id: diskId },
        })),
      },
      networkProfile: {
        networkInterfaces: wanted.nicIds.map((id, index) => ({ id, properties: { primary: index === 0 } })),
      },
      ...(wanted.availabilitySetId === null ? {} : { availabilitySet: { id: wanted.availabilitySetId } }),
      ...(wanted.licenseType === null ? {} : { licenseType: wanted.licenseType }),
      ...(wanted.bootDiagnosticsUri === null
        ? {}
        : { diagnosticsProfile: { bootDiagnostics: { enabled: true, storageUri: wanted.bootDiagnosticsUri } } }),
    },
  };
}

function checkNic(id: string, existing: unknown, wanted: NewNic): void {
  const { properties } = readWire(id, () => wireNic.parse(existing));
  const first = properties.ipConfigurations?.[0]?.properties;
  if (armKey(first?.subnet?.id ?? "") !== armKey(wanted.subnetId)) throw nameTaken(id, "another subnet");
  if (wanted.privateAddress !== null && first?.privateIPAddress !== wanted.privateAddress) {
    throw nameTaken(id, "another address");
  }
}

function checkVm(id: string, existing: unknown, wanted: NewVm): void {
  const { storageProfile } = readWire(id, () => wireVm.parse(existing)).properties;
  const found = [storageProfile.osDisk, ...(storageProfile.dataDisks ?? [])].map((disk) =>
    armKey(disk.managedDisk?.id ?? ""),
  );
  const asked = [wanted.osDisk, ...wanted.dataDisks].map(({ diskId }) => armKey(diskId));
  const isSame = found.length === asked.length && asked[0] === found[0] && asked.every((disk) => found.includes(disk));
  if (!isSame) throw nameTaken(id, "other disks");
}
