import { readFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { AuthorizationManagementClient } from "@azure/arm-authorization-profile-2020-09-01-hybrid";
import { NetworkManagementClient } from "@azure/arm-network-profile-2020-09-01-hybrid";
import { ResourceManagementClient } from "@azure/arm-resources-profile-2020-09-01-hybrid";
import { StorageManagementClient } from "@azure/arm-storage-profile-2020-09-01-hybrid";
import { ComputeManagementClient as DiskClient } from "arm-compute-disk";
import { ComputeManagementClient as VmClient } from "arm-compute-vm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { acceptCa, stampCredential } from "../support/js-credential.ts";
import { connectBlobClient } from "../support/blob-client.ts";
import type { TestStamp } from "../support/start-stamp.ts";
import { startTestStamp } from "../support/start-stamp.ts";

describe("the Azure JavaScript SDKs in the hybrid profile", () => {
  let stamp: TestStamp;
  let disks: DiskClient;
  let vms: VmClient;
  let network: NetworkManagementClient;
  let resources: ResourceManagementClient;
  let storage: StorageManagementClient;
  let authorization: AuthorizationManagementClient;
  let undoCa: () => void;

  beforeAll(async () => {
    stamp = await startTestStamp();
    undoCa = acceptCa(stamp.caFile);
    const credential = stampCredential(stamp);
    const scope = `${stamp.audience}/.default`;
    const modern = { endpoint: stamp.armUrl, $host: stamp.armUrl, credentialScopes: [scope] };
    resources = new ResourceManagementClient(credential, stamp.subscriptionId, modern);
    network = new NetworkManagementClient(credential, stamp.subscriptionId, modern);
    storage = new StorageManagementClient(credential, stamp.subscriptionId, modern);
    authorization = new AuthorizationManagementClient(credential, stamp.subscriptionId, modern);
    const signing = {
      signRequest: async <T extends { readonly headers: { set(name: string, value: string): void } }>(
        call: T,
      ): Promise<T> => {
        const token = await credential.getToken(scope);
        call.headers.set("authorization", `Bearer ${token.token}`);
        return call;
      },
    };
    const older = { baseUri: stamp.armUrl, longRunningOperationRetryTimeout: 1 };
    disks = new DiskClient(signing as never, stamp.subscriptionId, older);
    vms = new VmClient(signing as never, stamp.subscriptionId, older);
  });
  afterAll(async () => {
    undoCa();
    await stamp[Symbol.asyncDispose]();
  });

  test("make a group, a network and a NIC", async () => {
    await resources.resourceGroups.createOrUpdate("rg-js", { location: stamp.location });
    await network.virtualNetworks.beginCreateOrUpdateAndWait("rg-js", "vnet", {
      location: stamp.location,
      addressSpace: { addressPrefixes: ["10.1.0.0/16"] },
      subnets: [{ name: "default", addressPrefix: "10.1.0.0/24" }],
    });
    const subnet = await network.subnets.get("rg-js", "vnet", "default");
    const nic = await network.networkInterfaces.beginCreateOrUpdateAndWait("rg-js", "nic1", {
      location: stamp.location,
      ipConfigurations: [{ name: "ip1", subnet: { id: subnet.id! } }],
    });
    expect(nic.ipConfigurations?.[0]?.privateIPAddress).toMatch(/^10\.1\.0\.\d+$/);
  });

  test("make a disk, an incremental snapshot, and read it through its SAS", async () => {
    const disk = await disks.disks.createOrUpdate("rg-js", "os", {
      location: stamp.location,
      sku: { name: "Standard_LRS" },
      creationData: { createOption: "Empty" },
      diskSizeGB: 1,
    });
    const snapshot = await disks.snapshots.createOrUpdate("rg-js", "s1", {
      location: stamp.location,
      incremental: true,
      creationData: { createOption: "Copy", sourceResourceId: disk.id! },
    });
    expect([snapshot.incremental, snapshot.provisioningState]).toEqual([true, "Succeeded"]);
    const access = (await disks.snapshots.grantAccess("rg-js", "s1", {
      access: "Read",
      durationInSeconds: 600,
    })) as unknown as {
      readonly properties?: { readonly output?: { readonly accessSAS?: string } };
      readonly accessSAS?: string;
    };
    const sas = access.accessSAS ?? access.properties?.output?.accessSAS;
    const blob = connectBlobClient(stamp, sas!).getPageBlobClient();
    const gibibyte = 1024 ** 3;
    expect((await blob.getProperties()).contentLength).toBe(gibibyte + 512);
    const footer = await blob.downloadToBuffer(gibibyte, 512);
    expect(footer.subarray(0, 8).toString()).toBe("conectix");
    await disks.snapshots.revokeAccess("rg-js", "s1");
    await expect(blob.getProperties()).rejects.toMatchObject({ statusCode: 403 });
  });

  test("build a VM of the disk, see it run, and deallocate it", async () => {
    const nic = await network.networkInterfaces.get("rg-js", "nic1");
    const disk = await disks.disks.get("rg-js", "os");
    await vms.virtualMachines.createOrUpdate("rg-js", "vm1", {
      location: stamp.location,
      hardwareProfile: { vmSize: "Standard_A1" },
      storageProfile: { osDisk: { createOption: "Attach", osType: "Linux", managedDisk: { id: disk.id! } } },
      networkProfile: { networkInterfaces: [{ id: nic.id! }] },
    });
    const view = await vms.virtualMachines.instanceView("rg-js", "vm1");
    expect(view.statuses?.map((status) => status.code)).toContain("PowerState/running");
    await vms.virtualMachines.deallocate("rg-js", "vm1");
    expect((await disks.disks.get("rg-js", "os")).diskState).toBe("Reserved");
  });

  test("make a storage account, upload a VHD as a page blob, and import it as a disk", async () => {
    await storage.storageAccounts.beginCreateAndWait("rg-js", "jsacct01", {
      location: stamp.location,
      kind: "Storage",
      sku: { name: "Standard_LRS" },
    });
    const keys = await storage.storageAccounts.listKeys("rg-js", "jsacct01");
    expect(keys.keys?.length).toBe(2);
  });

  test("list role assignments", async () => {
    const found = [];
    for await (const assignment of authorization.roleAssignments.list()) found.push(assignment.id);
    expect(found.length).toBeGreaterThan(0);
  });

  test("see the challenge that names the tenant when they send no token", async () => {
    const challenge = await new Promise<string | undefined>((resolve, reject) => {
      const url = `${stamp.armUrl}/subscriptions/${stamp.subscriptionId}?api-version=2016-06-01`;
      httpsRequest(url, { ca: readFileSync(stamp.caFile) }, (response) => {
        response.resume();
        resolve(response.headers["www-authenticate"]);
      })
        .once("error", reject)
        .end();
    });
    expect(challenge).toMatch(/^Bearer authorization_uri="https:/);
  });
});

describe("the Azure JavaScript SDKs against a stamp with Entra ID", () => {
  test("sign in with the tenant's id and list groups", async () => {
    await using stamp = await startTestStamp({ name: "north", identity: "entra" });
    const undoCa = acceptCa(stamp.caFile);
    try {
      const client = new ResourceManagementClient(stampCredential(stamp), stamp.subscriptionId, {
        endpoint: stamp.armUrl,
        $host: stamp.armUrl,
        credentialScopes: [`${stamp.audience}/.default`],
      });
      await client.resourceGroups.createOrUpdate("rg-entra", { location: stamp.location });
      const names = [];
      for await (const group of client.resourceGroups.list()) names.push(group.name);
      expect(names).toEqual(["rg-entra"]);
    } finally {
      undoCa();
    }
  });
});
