import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RecoveryPoint, StampProbe } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeVm } from "../support/tenant-vm.ts";
import type { PlacedVm, ProductStage } from "./product-stage.ts";
import {
  chunkBytes,
  connectAll,
  diskNames,
  group,
  hashFile,
  mebibyte,
  openProductStage,
  placeVm,
  snapshotNames,
  uploadRandomDisk,
  groupNames,
  runTagged,
} from "./product-stage.ts";

const sizeBytes = 64 * mebibyte;
/** The upload writes by 4 MiB, so that two such pieces hold the 3 MiB and the 1 MiB of data. */
const allocatedBytes = 8 * mebibyte;
let stage: ProductStage;

beforeAll(async () => {
  stage = await openProductStage([{ name: "east" }, { name: "west" }]);
  await connectAll(stage);
});
afterAll(() => stage?.[Symbol.asyncDispose]());

const backup = (vm: string, ...options: string[]): Promise<RecoveryPoint> =>
  stage.holdfast.json<RecoveryPoint>("backup", vm, "--stamp", "east", ...options);

async function restoredDiskId(stampName: string, vmName: string): Promise<string> {
  const tenant = stage.tenant(stampName);
  const id = `${tenant.groupId(group)}/providers/Microsoft.Compute/virtualMachines/${vmName}`;
  const vm = (await tenant.arm("GET", id, "2020-06-01")) as {
    readonly properties: {
      readonly storageProfile: { readonly osDisk: { readonly managedDisk: { readonly id: string } } };
    };
  };
  return vm.properties.storageProfile.osDisk.managedDisk.id;
}

describe("a VM that is captured, changes, is lost and comes back", () => {
  let vm: PlacedVm;
  let second: RecoveryPoint;
  let lostHash: string;

  beforeAll(async () => {
    vm = await placeVm(stage, "web");
  });

  test("the stamp is probed and the VM is found", async () => {
    const { capabilities } = await stage.holdfast.json<StampProbe>("stamp", "probe", "east");
    const states = Object.fromEntries(capabilities.map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({ "incremental-snapshots": "yes", "page-granularity": "yes", "direct-upload": "yes" });
    expect(await groupNames(stage), "the probe's group is gone").toEqual([group]);
    expect(await runTagged(stage)).toEqual([]);
    await stage.holdfast.json("discover");
    const { stdout } = await stage.holdfast.run(["vms"]);
    expect(stdout).toContain("web");
    expect(await snapshotNames(stage)).toEqual([]);
  });

  test("the first capture reads what is allocated, the second what changed, by whole chunks", async () => {
    const first = await backup("web", "--running-snapshot");
    expect(first.disks[0]?.readScope).toEqual({ kind: "full", reason: "first-capture" });
    expect(first.disks[0]?.bytes.read).toBeGreaterThanOrEqual(4 * mebibyte);
    expect(first.disks[0]?.bytes.read).toBeLessThanOrEqual(allocatedBytes + chunkBytes);

    await stage.writeDisk("east", vm.diskIds[0]!, 20 * mebibyte + 4096, randomBytes(8192));
    await stage.writeDisk("east", vm.diskIds[0]!, 40 * mebibyte, randomBytes(4096));
    lostHash = await stage.hashDisk("east", vm.diskIds[0]!);
    second = await backup("web", "--running-snapshot");
    expect(second.disks[0]?.readScope).toEqual({ kind: "incremental", basePointId: first.id });
    expect(second.disks[0]?.bytes.read).toBeGreaterThanOrEqual(8192 + 4096);
    expect(second.disks[0]?.bytes.read).toBeLessThanOrEqual(2 * chunkBytes);
    expect(await snapshotNames(stage), "only the base of the next capture stays").toHaveLength(1);
  });

  test("the points are listed and every byte of them is sound", async () => {
    const points = await stage.holdfast.json<RecoveryPoint[]>("points", "web");
    expect(points.map(({ id }) => id)).toContain(second.id);
    expect(points).toHaveLength(2);
    await stage.holdfast.json("check");
  });

  test("an exported disk is the disk as it was", async () => {
    const [raw, vhd, qcow2] = ["raw", "vhd", "qcow2"].map((end) => join(stage.folder, `web.${end}`));
    for (const to of [raw!, vhd!, qcow2!]) await stage.holdfast.json("export", second.id, "--to", to);
    expect(await hashFile(raw!)).toBe(lostHash);
    expect(await hashFile(vhd!, sizeBytes)).toBe(lostHash);
    const back = join(stage.folder, "web-back.raw");
    await promisify(execFile)("qemu-img", ["convert", "-O", "raw", qcow2!, back]);
    expect(await hashFile(back)).toBe(lostHash);
  });

  test("the lost VM comes back on its stamp, and on another", async () => {
    await stage.tenant("east").arm("DELETE", vm.vmId, "2020-06-01");
    await stage.tenant("east").arm("DELETE", vm.diskIds[0]!, "2019-07-01");
    const to = (stampName: string): string[] => [
      "--to",
      stampName,
      "--name",
      "web",
      "--resource-group",
      group,
      "--yes",
    ];
    await stage.holdfast.json("restore", "vm", second.id, ...to("east"));
    expect(await stage.hashDisk("east", await restoredDiskId("east", "web"))).toBe(lostHash);

    const west = stage.tenant("west");
    const subnet = `${west.groupId(group)}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/default`;
    await stage.holdfast.json("restore", "vm", second.id, ...to("west"), "--subnet", subnet);
    expect(await stage.hashDisk("west", await restoredDiskId("west", "web"))).toBe(lostHash);
    expect(await snapshotNames(stage, "west")).toEqual([]);
  });

  test("a disk comes back alone", async () => {
    const words = ["--to", "east", "--name", "web-copy", "--resource-group", group, "--yes"];
    await stage.holdfast.json("restore", "disk", second.id, ...words);
    expect(await diskNames(stage)).toContain("web-copy");
    const id = `${stage.tenant("east").groupId(group)}/providers/Microsoft.Compute/disks/web-copy`;
    expect(await stage.hashDisk("east", id)).toBe(lostHash);
  });
});

test("the disks of a VM are snapshotted one by one, and the point says that they may be torn", async () => {
  const { diskIds } = await placeVm(stage, "db", 2);
  const point = await backup("db", "--running-snapshot");
  expect(point.disks.map(({ lun }) => lun)).toEqual([null, 0, 1]);
  expect(point.tornRisk.isAtRisk).toBe(true);
  const file = join(stage.folder, "db-lun1.raw");
  await stage.holdfast.json("export", point.id, "--disk", "lun1", "--to", file);
  expect(await hashFile(file)).toBe(await stage.hashDisk("east", diskIds[2]!));
});

test("a running VM needs consent, a stopped one does not", async () => {
  const { vmId } = await placeVm(stage, "batch");
  const refused = await stage.holdfast.run(["backup", "batch", "--stamp", "east", "--json"]);
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: "engine.capture.running-needs-consent" } });
  await stage.tenant("east").arm("POST", `${vmId}/deallocate`, "2020-06-01");
  const point = await backup("batch");
  expect(point.wasRunning).toBe(false);
  expect(point.tornRisk.isAtRisk).toBe(false);
});

test("an unmanaged disk is captured by its changes too", async () => {
  const { uri } = await uploadRandomDisk(stage, "east", "old-os");
  const osDisk = { name: "old-os", createOption: "Attach", osType: "Linux", vhd: { uri } };
  await makeVm(stage.tenant("east"), { group, name: "old", osDisk });
  const first = await backup("old", "--running-snapshot");
  expect(first.disks[0]).toMatchObject({ method: "blob-snapshot", readScope: { kind: "full" } });
  const second = await backup("old", "--running-snapshot");
  expect(second.disks[0]?.readScope).toEqual({ kind: "incremental", basePointId: first.id });
  expect(second.disks[0]?.bytes.read).toBeLessThanOrEqual(chunkBytes);
});
