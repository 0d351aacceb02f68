import { expect, test } from "vitest";
import { connectScripted } from "../testing/connected-stamp.ts";
import { group, subscription, type Wire } from "../testing/scripted-stamp.ts";

const compute = `${group}/providers/Microsoft.Compute`;
const network = `${group}/providers/Microsoft.Network`;
const vmId = `${compute}/virtualMachines/vm1`;

const vm = {
  id: vmId,
  name: "vm1",
  location: "east",
  tags: { app: "shop" },
  plan: { name: "p", publisher: "q", product: "r" },
  resources: [
    {
      name: "ext",
      properties: { publisher: "Microsoft.Azure.Extensions", type: "CustomScript", typeHandlerVersion: "2.0" },
    },
  ],
  properties: {
    vmId: "guid-1",
    hardwareProfile: { vmSize: "Standard_DS2_v2" },
    storageProfile: {
      osDisk: { osType: "Linux", name: "os", caching: "ReadWrite", managedDisk: { id: `${compute}/disks/OS` } },
      dataDisks: [
        {
          lun: 5,
          name: "old",
          caching: "None",
          vhd: { uri: "http://acct.blob.east.ash.example/vhds/old.vhd" },
          diskSizeGB: 8,
        },
        { lun: 1, name: "data", caching: "ReadOnly", managedDisk: { id: `${compute}/disks/data` } },
      ],
    },
    networkProfile: { networkInterfaces: [{ id: `${network}/networkInterfaces/n1` }] },
    availabilitySet: { id: `${compute}/availabilitySets/as1` },
    licenseType: "Windows_Server",
    diagnosticsProfile: { bootDiagnostics: { enabled: true, storageUri: "https://diag.blob.east.ash.example/" } },
    instanceView: { statuses: [{ code: "ProvisioningState/succeeded" }, { code: "PowerState/running" }] },
  },
};

const list = (type: string, value: unknown[]): Wire => ({
  [`GET ${subscription}/providers/${type}`]: { body: { value } },
});

function stampWire(base: () => string): Wire {
  const blob = `http://acct.blob.east.ash.example:${new URL(base()).port}`;
  const placed = structuredClone(vm);
  placed.properties.storageProfile.dataDisks[0]!.vhd!.uri = `${blob}/vhds/old.vhd`;
  return {
    ...list("Microsoft.Compute/virtualMachines", [
      { ...vm, properties: { ...vm.properties, instanceView: undefined } },
      { ...vm, id: `${vmId}-gone` },
    ]),
    [`GET ${vmId}`]: { body: placed },
    ...list("Microsoft.Compute/disks", [
      {
        id: `${compute}/disks/os`,
        name: "os",
        sku: { name: "Premium_LRS" },
        properties: { uniqueId: "u-os", diskSizeBytes: 4294967296, diskSizeGB: 4 },
      },
      {
        id: `${compute}/disks/data`,
        name: "data",
        sku: { name: "Standard_LRS" },
        properties: { timeCreated: "2026-01-01T00:00:00Z", diskSizeGB: 16 },
      },
    ]),
    ...list("Microsoft.Network/networkInterfaces", [
      {
        id: `${network}/networkInterfaces/n1`,
        name: "n1",
        properties: {
          primary: true,
          macAddress: "00-01",
          networkSecurityGroup: { id: `${network}/networkSecurityGroups/nsg` },
          dnsSettings: { dnsServers: ["10.0.0.1"] },
          ipConfigurations: [
            {
              name: "ip1",
              properties: {
                primary: true,
                privateIPAddress: "10.0.0.4",
                privateIPAllocationMethod: "Static",
                subnet: { id: "subnet" },
                publicIPAddress: { id: `${network}/publicIPAddresses/pip` },
                loadBalancerBackendAddressPools: [{ id: "pool" }],
              },
            },
          ],
        },
      },
    ]),
    ...list("Microsoft.Network/networkSecurityGroups", [
      {
        id: `${network}/networkSecurityGroups/nsg`,
        properties: {
          securityRules: [
            {
              name: "web",
              properties: {
                priority: 100,
                direction: "Inbound",
                access: "Allow",
                protocol: "Tcp",
                sourceAddressPrefix: "*",
                sourcePortRange: "*",
                destinationAddressPrefixes: ["10.0.0.0/24", "10.0.1.0/24"],
                destinationPortRange: "443",
              },
            },
          ],
        },
      },
    ]),
    ...list("Microsoft.Network/publicIPAddresses", [
      {
        id: `${network}/publicIPAddresses/pip`,
        properties: { ipAddress: "203.0.113.9", dnsSettings: { domainNameLabel: "shop" } },
      },
    ]),
    ...list("Microsoft.Network/loadBalancers", [
      {
        id: `${network}/loadBalancers/lb`,
        name: "lb",
        properties: { backendAddressPools: [{ id: "pool" }], probes: [{}] },
      },
    ]),
    ...list("Microsoft.Compute/availabilitySets", [
      {
        id: `${compute}/availabilitySets/as1`,
        name: "as1",
        properties: { platformFaultDomainCount: 3, virtualMachines: [{ id: vmId }] },
      },
    ]),
    ...list("Microsoft.Compute/virtualMachineScaleSets", [
      { id: `${compute}/virtualMachineScaleSets/ss`, name: "ss", sku: { capacity: 1 } },
    ]),
    [`GET ${compute}/virtualMachineScaleSets/ss/virtualMachines`]: {
      body: {
        value: [
          {
            id: `${compute}/virtualMachineScaleSets/ss/virtualMachines/0`,
            name: "ss_0",
            sku: { name: "Standard_A1" },
            properties: { storageProfile: { osDisk: { osType: "Windows" } } },
          },
        ],
      },
    },
    ...list("Microsoft.Storage/storageAccounts", [
      { id: `${group}/providers/Microsoft.Storage/storageAccounts/acct`, name: "acct" },
    ]),
    [`POST ${group}/providers/Microsoft.Storage/storageAccounts/acct/listKeys`]: {
      body: { keys: [{ value: "a2V5" }] },
    },
    "HEAD /vhds/old.vhd": { headers: { "Content-Length": String(8 * 1024 ** 3 + 512) } },
  };
}

test("the inventory holds all that a rebuild needs", async () => {
  await using bench = await connectScripted(stampWire);
  const inventory = await bench.stamp.takeInventory();
  expect(inventory.vms).toHaveLength(2);
  expect(inventory.vms[0]).toEqual({
    id: vmId,
    vmId: "guid-1",
    name: "vm1",
    subscriptionId: subscription.split("/")[2],
    resourceGroup: "g1",
    location: "east",
    sizeName: "Standard_DS2_v2",
    osType: "Linux",
    powerState: "running",
    disks: [
      {
        name: "os",
        role: "os",
        lun: null,
        caching: "ReadWrite",
        sizeBytes: 4 * 1024 ** 3,
        backing: { kind: "managed", diskId: `${compute}/disks/os`, uniqueId: "u-os", sku: "Premium_LRS" },
      },
      {
        name: "data",
        role: "data",
        lun: 1,
        caching: "ReadOnly",
        sizeBytes: 16 * 1024 ** 3,
        backing: {
          kind: "managed",
          diskId: `${compute}/disks/data`,
          uniqueId: "created 2026-01-01T00:00:00Z",
          sku: "Standard_LRS",
        },
      },
      {
        name: "old",
        role: "data",
        lun: 5,
        caching: "None",
        sizeBytes: 8 * 1024 ** 3,
        backing: { kind: "unmanaged", vhdUri: `http://acct.blob.east.ash.example:${bench.server.port}/vhds/old.vhd` },
      },
    ],
    nics: [
      {
        id: `${network}/networkInterfaces/n1`,
        name: "n1",
        isPrimary: true,
        macAddress: "00-01",
        ipConfigurations: [
          {
            name: "ip1",
            isPrimary: true,
            privateAddress: "10.0.0.4",
            privateAllocation: "Static",
            subnetId: "subnet",
            publicIp: { id: `${network}/publicIPAddresses/pip`, address: "203.0.113.9", dnsLabel: "shop" },
            loadBalancerPoolIds: ["pool"],
          },
        ],
        dnsServers: ["10.0.0.1"],
        nsg: {
          id: `${network}/networkSecurityGroups/nsg`,
          rules: [
            {
              name: "web",
              priority: 100,
              direction: "Inbound",
              access: "Allow",
              protocol: "Tcp",
              sourceAddressPrefix: "*",
              sourcePortRange: "*",
              destinationAddressPrefix: "10.0.0.0/24,10.0.1.0/24",
              destinationPortRange: "443",
            },
          ],
        },
      },
    ],
    availabilitySetId: `${compute}/availabilitySets/as1`,
    scaleSetId: null,
    tags: { app: "shop" },
    licenseType: "Windows_Server",
    plan: { name: "p", publisher: "q", product: "r" },
    bootDiagnosticsUri: "https://diag.blob.east.ash.example/",
    extensions: [{ name: "ext", publisher: "Microsoft.Azure.Extensions", type: "CustomScript", version: "2.0" }],
  });
  expect(inventory.vms[1]).toMatchObject({
    name: "ss_0",
    scaleSetId: `${compute}/virtualMachineScaleSets/ss`,
    powerState: "unknown",
    sizeName: "Standard_A1",
  });
  expect(inventory.availabilitySets).toMatchObject([{ name: "as1", faultDomainCount: 3, vmIds: [vmId] }]);
  expect(inventory.scaleSets).toMatchObject([{ name: "ss", capacity: 1 }]);
  expect(inventory.loadBalancers).toMatchObject([{ name: "lb", poolIds: ["pool"], hasProbe: true }]);
});

test("a size that the keys would tell is taken from the VM where keys are forbidden", async () => {
  await using bench = await connectScripted((base) => ({
    ...stampWire(base),
    [`POST ${group}/providers/Microsoft.Storage/storageAccounts/acct/listKeys`]: {
      status: 403,
      body: { error: { code: "AuthorizationFailed" } },
    },
  }));
  const { vms } = await bench.stamp.takeInventory();
  expect(vms[0]!.disks[2]!.sizeBytes).toBe(8 * 1024 ** 3);
});

test("an inventory with a list that fails raises instead of being shorter", async () => {
  await using bench = await connectScripted((base) => ({
    ...stampWire(base),
    [`GET ${subscription}/providers/Microsoft.Compute/disks`]: {
      status: 403,
      body: { error: { code: "AuthorizationFailed" } },
    },
  }));
  await expect(bench.stamp.takeInventory()).rejects.toMatchObject({ code: "stackhub.arm.forbidden" });
});

test("a VM in a form that is not known raises with its field", async () => {
  await using bench = await connectScripted(() => ({
    [`GET ${vmId}`]: { body: { id: vmId, name: "vm1", properties: {} } },
  }));
  await expect(bench.stamp.readVm(vmId)).rejects.toMatchObject({
    code: "stackhub.arm.unexpected-answer",
    details: { object: vmId, field: "properties.storageProfile" },
  });
});

test("what is no id of a resource raises before any call", async () => {
  await using bench = await connectScripted(() => ({}));
  await expect(bench.stamp.readVm("vm1/../..")).rejects.toMatchObject({ code: "stackhub.arm.bad-id" });
  expect(bench.calls()).toEqual([]);
});

test("usages and sizes are those of the stamp's location", async () => {
  const usage = (value: string) => ({ unit: "Count", currentValue: 1, limit: 2, name: { value } });
  await using bench = await connectScripted(() => ({
    ...list("Microsoft.Compute/locations/east/usages", [usage("cores")]),
    ...list("Microsoft.Network/locations/east/usages", [usage("NetworkInterfaces")]),
    ...list("Microsoft.Storage/locations/east/usages", [usage("StorageAccounts")]),
    ...list("Microsoft.Compute/locations/east/vmSizes", [
      { name: "A1", numberOfCores: 1, memoryInMB: 1792, maxDataDiskCount: 2 },
    ]),
  }));
  const names = ["cores", "NetworkInterfaces", "StorageAccounts"];
  expect((await bench.stamp.listUsages()).map(({ name }) => name)).toEqual(names);
  expect(await bench.stamp.listVmSizes()).toEqual([{ name: "A1", cores: 1, memoryMiB: 1792, maxDataDisks: 2 }]);
});

test("a stamp that does not tell the usages of storage is asked for the others", async () => {
  const usage = { unit: "Count", currentValue: 1, limit: 2, name: { value: "cores" } };
  await using bench = await connectScripted(() => ({
    ...list("Microsoft.Compute/locations/east/usages", [usage]),
    ...list("Microsoft.Network/locations/east/usages", []),
  }));
  expect((await bench.stamp.listUsages()).map(({ name }) => name)).toEqual(["cores"]);
});
