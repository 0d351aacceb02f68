import type { Inventory } from "../inventory/inventory.ts";
import type { VmConfiguration, VmDisk } from "../inventory/vm.ts";

const subscription = "/subscriptions/8b4b0000-0000-4000-8000-000000000001";

/** The id of something of the test subscription. */
export function testArmId(resourceGroup: string, type: string, name: string): string {
  return `${subscription}/resourceGroups/${resourceGroup}/providers/${type}/${name}`;
}

export function makeTestDisk(name: string, lun: number | null, sizeBytes = 32 * 1024 ** 3): VmDisk {
  const diskId = testArmId("app", "Microsoft.Compute/disks", name);
  return {
    name,
    role: lun === null ? "os" : "data",
    lun,
    caching: "ReadWrite",
    sizeBytes,
    backing: { kind: "managed", diskId, uniqueId: `unique-${name}`, sku: "Standard_LRS" },
  };
}

/** A running Linux VM with an OS disk, behind nothing. */
export function makeTestVm(name: string, change: Partial<VmConfiguration> = {}): VmConfiguration {
  const resourceGroup = change.resourceGroup ?? "app";
  return {
    id: testArmId(resourceGroup, "Microsoft.Compute/virtualMachines", name),
    vmId: `vm-${name}`,
    name,
    subscriptionId: "8b4b0000-0000-4000-8000-000000000001",
    resourceGroup,
    location: "east",
    sizeName: "Standard_DS2_v2",
    osType: "Linux",
    powerState: "running",
    disks: [makeTestDisk(`${name}-os`, null)],
    nics: [],
    availabilitySetId: null,
    scaleSetId: null,
    tags: {},
    licenseType: null,
    plan: null,
    bootDiagnosticsUri: null,
    extensions: [],
    ...change,
  };
}

export function makeTestInventory(vms: readonly VmConfiguration[], change: Partial<Inventory> = {}): Inventory {
  return {
    stampName: "east",
    subscriptionId: "8b4b0000-0000-4000-8000-000000000001",
    location: "east",
    takenAtMs: 0,
    vms,
    availabilitySets: [],
    scaleSets: [],
    loadBalancers: [],
    ...change,
  };
}
