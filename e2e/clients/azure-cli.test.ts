import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestStamp } from "../support/start-stamp.ts";
import { startTestStamp } from "../support/start-stamp.ts";
import type { AzureCli } from "./azure-cli.ts";
import { openAzureCli } from "./azure-cli.ts";

interface Resource {
  readonly id: string;
  readonly name: string;
  readonly provisioningState: string;
}

// The Azure CLI is a Debian package: where it may not be installed, the bootstrap has said what is skipped.
describe.runIf(existsSync("/usr/bin/az"))("the real Azure CLI in the hybrid profile", () => {
  let stamp: TestStamp;
  let az: AzureCli;
  beforeAll(async () => {
    stamp = await startTestStamp();
    az = await openAzureCli(stamp);
  });
  afterAll(async () => {
    await az[Symbol.asyncDispose]();
    await stamp[Symbol.asyncDispose]();
  });

  test("is refused with a wrong secret, in the identity provider's words", async () => {
    const result = await az.run(
      ...["login", "--service-principal", "-u", stamp.clientId, "-p", "wrong", "--tenant", stamp.tenant],
    );
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("AADSTS7000215");
  });

  test("logs in and sees the subscription", async () => {
    const accounts = (await az.json(
      ...["login", "--service-principal", "-u", stamp.clientId, "-p", stamp.secret, "--tenant", stamp.tenant],
    )) as { readonly id: string }[];
    expect(accounts.map((account) => account.id)).toEqual([stamp.subscriptionId]);
  });

  test("drives a disk to an incremental snapshot, grants access, and makes a disk of it", async () => {
    const where = ["-g", "rg-az"];
    await az.json("group", "create", "-n", "rg-az", "-l", stamp.location);
    const disk = (await az.json(
      "disk",
      "create",
      ...where,
      "-n",
      "d1",
      "--size-gb",
      "1",
      "--sku",
      "Standard_LRS",
    )) as Resource;
    expect(disk.provisioningState).toBe("Succeeded");
    const snapshot = (await az.json(
      ...[
        "snapshot",
        "create",
        ...where,
        "-n",
        "s1",
        "--source",
        "d1",
        "--incremental",
        "true",
        "--sku",
        "Standard_LRS",
      ],
    )) as Resource & { readonly incremental: boolean };
    expect(snapshot.incremental).toBe(true);
    const grant = (await az.json(
      ...["snapshot", "grant-access", ...where, "-n", "s1", "--duration-in-seconds", "600", "--access-level", "Read"],
    )) as { readonly accessSas: string };
    expect(grant.accessSas).toMatch(/^https:\/\/md-[^/]+\.blob\./);
    const refused = await az.run("snapshot", "delete", ...where, "-n", "s1");
    expect(refused.code).not.toBe(0);
    await az.json("snapshot", "revoke-access", ...where, "-n", "s1");
    const copy = (await az.json(
      "disk",
      "create",
      ...where,
      "-n",
      "d2",
      "--source",
      "s1",
      "--sku",
      "Standard_LRS",
    )) as Resource;
    expect(copy.provisioningState).toBe("Succeeded");
    await az.json("snapshot", "delete", ...where, "-n", "s1");
    expect(await az.json("snapshot", "list", ...where)).toEqual([]);
  });

  test("restores: makes a VM of the copied disk, starts and deallocates it", async () => {
    const group = `/subscriptions/${stamp.subscriptionId}/resourceGroups/rg-az`;
    const put = async (path: string, version: string, body: unknown): Promise<unknown> =>
      az.json(
        ...["rest", "--method", "put", "--url", `${stamp.armUrl}${group}/providers/${path}?api-version=${version}`],
        ...["--resource", stamp.audience, "--body", JSON.stringify(body)],
      );
    await put("Microsoft.Network/virtualNetworks/vnet", "2018-11-01", {
      location: stamp.location,
      properties: {
        addressSpace: { addressPrefixes: ["10.0.0.0/16"] },
        subnets: [{ name: "default", properties: { addressPrefix: "10.0.0.0/24" } }],
      },
    });
    await put("Microsoft.Network/networkInterfaces/nic1", "2018-11-01", {
      location: stamp.location,
      properties: {
        ipConfigurations: [
          {
            name: "ip1",
            properties: {
              subnet: { id: `${group}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/default` },
              privateIPAllocationMethod: "Dynamic",
            },
          },
        ],
      },
    });
    await put("Microsoft.Compute/virtualMachines/vm1", "2020-06-01", {
      location: stamp.location,
      properties: {
        hardwareProfile: { vmSize: "Standard_A1" },
        storageProfile: {
          osDisk: {
            createOption: "Attach",
            osType: "Linux",
            managedDisk: { id: `${group}/providers/Microsoft.Compute/disks/d2` },
          },
          dataDisks: [],
        },
        networkProfile: { networkInterfaces: [{ id: `${group}/providers/Microsoft.Network/networkInterfaces/nic1` }] },
      },
    });
    const where = ["-g", "rg-az", "-n", "vm1"];
    const readState = async (): Promise<string | undefined> => {
      const view = (await az.json("vm", "get-instance-view", ...where)) as {
        readonly instanceView: { readonly statuses: readonly { readonly code: string }[] };
      };
      return view.instanceView.statuses.find((status) => status.code.startsWith("PowerState/"))?.code;
    };
    await az.json("vm", "wait", ...where, "--created", "--interval", "1", "--timeout", "60");
    expect(await readState()).toBe("PowerState/running");
    await az.json("vm", "deallocate", ...where);
    expect(await readState()).toBe("PowerState/deallocated");
    await az.json("vm", "start", ...where);
    expect(await readState()).toBe("PowerState/running");
    const deletion = await az.run("disk", "delete", "-g", "rg-az", "-n", "d2", "--yes");
    expect(deletion.code).not.toBe(0);
  });

  test("makes a storage account and reads its keys", async () => {
    await az.json(
      "storage",
      "account",
      "create",
      "-g",
      "rg-az",
      "-n",
      "azacct01",
      "-l",
      stamp.location,
      "--sku",
      "Standard_LRS",
    );
    const keys = (await az.json("storage", "account", "keys", "list", "-g", "rg-az", "-n", "azacct01")) as unknown[];
    expect(keys).toHaveLength(2);
  });

  test("deletes the group and all that is in it", async () => {
    await az.json("group", "delete", "-n", "rg-az", "--yes");
    expect(await az.json("group", "exists", "-n", "rg-az")).toBe(false);
    expect(await az.json("vm", "list")).toEqual([]);
  });
});
