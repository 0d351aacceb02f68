import { decodeVhdFooter, stagingAccountName, stagingBlobBytes } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import { FakeClock, FaultSet, withFaults } from "@holdfast/kernel/testing";
import { describe, expect, test } from "vitest";
import { backupVm } from "../capture/backup-vm.ts";
import { createWorld, digestLiveDisks, createFakeStamp, Mortal, PageImage } from "../testing/index.ts";
import type { World } from "../testing/index.ts";
import { runJanitor } from "../workflow/janitor.ts";
import { planRestoreVm } from "./plan-restore-vm.ts";
import { restoreDisk } from "./restore-disk.ts";
import { restoreVm } from "./restore-vm.ts";

const wish = { vmName: "web1-back", resourceGroup: "restored" };
const boom = new HoldfastError({ code: "stackhub.arm.failed", message: "boom", advice: "Try again." });
// Whole MiB, as Import makes them: digests of source and copy compare.
const diskBytes = 1024 ** 2;

function digestImage(image: PageImage): string {
  return Buffer.from(image.read({ start: 0, end: image.contentBytes })).toString("base64");
}

async function captured(): Promise<{ world: World; pointId: string }> {
  const world = createWorld({ diskBytes });
  const point = await backupVm(world.deps, { vmId: world.vm.id });
  return { world, pointId: point.id };
}

describe("restoreVm", () => {
  test("makes a VM whose disks equal the point, and leaves nothing else", async () => {
    const { world, pointId } = await captured();
    const { vm, plan } = await restoreVm(world.deps, { pointId, wish });
    expect(digestLiveDisks(world.stamp, vm)).toEqual(digestLiveDisks(world.stamp, world.vm));
    const footer = world.stamp.imageOf(vm.disks[0]!).read({ start: diskBytes, end: diskBytes + 512 });
    expect(decodeVhdFooter(footer)?.sizeBytes).toBe(diskBytes);
    expect(vm.disks.map((disk) => disk.lun)).toEqual([null, 0]);
    expect([vm.tags.owner, vm.bootDiagnosticsUri]).toEqual(["test", null]);
    expect(world.stamp.blobs.size).toBe(0);
    expect((await world.records.listLedger("east")).every((entry) => entry.state === "kept")).toBe(true);
    expect(plan.findings.filter((finding) => finding.severity === "blocks")).toEqual([]);
  });

  test("restores onto another stamp with another subnet", async () => {
    const { world, pointId } = await captured();
    const west = createFakeStamp("west", new FakeClock());
    const elsewhere = west.addVm("other", [4096]).nics[0]!.ipConfigurations[0]!.subnetId;
    const { vm } = await restoreVm({ ...world.deps, stamp: west }, { pointId, wish: { ...wish, subnetId: elsewhere } });
    expect(digestLiveDisks(west, vm)).toEqual(digestLiveDisks(world.stamp, world.vm));
  });

  test.each([
    ["a taken name", { ...wish, vmName: "web1", resourceGroup: "apps" }, "exists in resource group"],
    ["a size that is not offered", { ...wish, sizeName: "Huge" }, "'Huge' is not offered"],
    ["a subnet that is not there", { ...wish, subnetId: "/nowhere" }, "'/nowhere' does not exist"],
    ["a bad VM name", { ...wish, vmName: "a_b" }, "the VM name 'a_b'"],
  ])("refuses %s before the first write", async (_, badWish, text) => {
    const { world, pointId } = await captured();
    const before = world.stamp.listObjects();
    const restore = restoreVm(world.deps, { pointId, wish: badWish });
    await expect(restore).rejects.toMatchObject({
      code: "engine.restore.refused",
      message: expect.stringContaining(text),
    });
    expect(world.stamp.listObjects()).toEqual(before);
  });

  test.each([
    [true, "running"],
    [false, "deallocated"],
  ])("where the VM is to start: %s, leaves it %s", async (startsVm, powerState) => {
    const { world, pointId } = await captured();
    const { vm } = await restoreVm(world.deps, { pointId, wish: { ...wish, startsVm } });
    expect([vm.powerState, await world.stamp.readPowerState(vm.id)]).toEqual([powerState, powerState]);
  });

  test("keeps every IP configuration of a NIC, each in its subnet", async () => {
    const plain = createWorld({ diskBytes }).vm.nics[0]!;
    const [primary] = plain.ipConfigurations;
    const second = { ...primary!, name: "second", isPrimary: false, privateAddress: "10.0.0.5" };
    const world = createWorld({ diskBytes, change: { nics: [{ ...plain, ipConfigurations: [second, primary!] }] } });
    const { id: pointId } = await backupVm(world.deps, { vmId: world.vm.id });
    await restoreVm(world.deps, { pointId, wish: { ...wish, keepsAddresses: true } });
    const [nic] = [...world.stamp.nics.values()];
    expect([nic?.subnetId, nic?.privateAddress]).toEqual([primary?.subnetId, "10.0.0.4"]);
    expect(nic?.secondaryIps).toEqual([{ name: "second", subnetId: second.subnetId, privateAddress: "10.0.0.5" }]);
    const elsewhere = { ...wish, vmName: "web2", subnetId: "/nowhere" };
    const { findings } = await planRestoreVm(world.deps, { pointId, wish: elsewhere });
    expect(findings.map(({ message }) => message).join()).toContain("the subnet '/nowhere' does not exist");
  });

  describe("on the stamp that the point is from", () => {
    const network =
      "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/apps/providers/Microsoft.Network";
    const balancer = `${network}/loadBalancers/lb`;
    const around = {
      nsg: `${network}/networkSecurityGroups/guard`,
      pool: `${balancer}/backendAddressPools/web`,
      set: `${network.replace("Network", "Compute")}/availabilitySets/pair`,
    };

    async function surrounded() {
      const plain = createWorld({ diskBytes }).vm.nics[0]!;
      const ipConfigurations = [{ ...plain.ipConfigurations[0]!, loadBalancerPoolIds: [around.pool] }];
      const nics = [{ ...plain, ipConfigurations, nsg: { id: around.nsg, rules: [] } }];
      const world = createWorld({ diskBytes, change: { nics, availabilitySetId: around.set } });
      for (const id of [around.nsg, balancer, around.set]) world.stamp.subnetIds.add(id.toLowerCase());
      const { id: pointId } = await backupVm(world.deps, { vmId: world.vm.id, allowAvailabilitySet: true });
      return { world, pointId };
    }
    const inApps = { ...wish, resourceGroup: "apps" };

    test("what surrounded a VM that is gone surrounds it again, where it is still there", async () => {
      const { world, pointId } = await surrounded();
      world.stamp.vms.clear();
      const plan = await planRestoreVm(world.deps, { pointId, wish: inApps });
      expect(plan.nics[0]).toMatchObject({ nsgId: around.nsg, loadBalancerPoolIds: [around.pool] });
      expect(plan.availabilitySetId).toBe(around.set);
      const bare = { ...inApps, nsgId: null, availabilitySetId: null, loadBalancerPoolIds: [] };
      const none = await planRestoreVm(world.deps, { pointId, wish: bare });
      expect([none.nics[0]?.nsgId, none.nics[0]?.loadBalancerPoolIds, none.availabilitySetId]).toEqual([
        null,
        [],
        null,
      ]);
      world.stamp.subnetIds.delete(around.nsg.toLowerCase());
      const later = await planRestoreVm(world.deps, { pointId, wish: inApps });
      expect(later.nics[0]?.nsgId).toBeNull();
      expect(later.findings.filter(({ severity }) => severity === "blocks")).toEqual([]);
    });

    test("a copy beside the living VM is behind no load balancer, and in another group in no set", async () => {
      const { world, pointId } = await surrounded();
      const { nics, availabilitySetId, findings } = await planRestoreVm(world.deps, { pointId, wish });
      expect([nics[0]?.nsgId, nics[0]?.loadBalancerPoolIds, availabilitySetId]).toEqual([around.nsg, [], null]);
      expect(findings.map(({ message }) => message).join()).toContain("behind a load balancer");
    });

    test("another stamp's things of the same name are not taken", async () => {
      const { world, pointId } = await surrounded();
      const west = createFakeStamp("west", new FakeClock());
      for (const id of [around.nsg, balancer, around.set]) west.subnetIds.add(id.toLowerCase());
      const plan = await planRestoreVm({ ...world.deps, stamp: west }, { pointId, wish: inApps });
      expect([plan.nics[0]?.nsgId, plan.nics[0]?.loadBalancerPoolIds, plan.availabilitySetId]).toEqual([
        null,
        [],
        null,
      ]);
    });
  });

  test("counts network interfaces and the staging account, where it has to be made", async () => {
    const { world, pointId } = await captured();
    const full = { unit: "Count", current: 5, limit: 5 };
    world.stamp.usages = ["NetworkInterfaces", "StorageAccounts"].map((name) => ({ name, ...full }));
    const messages = async (): Promise<string> =>
      (await planRestoreVm(world.deps, { pointId, wish })).findings.map(({ message }) => message).join("; ");
    expect(await messages()).toMatch(/'NetworkInterfaces': 1 needed, 0 of 5 left; quota 'StorageAccounts': 1 needed/);
    const disk = { pointId, disk: "lun0", name: "back", resourceGroup: wish.resourceGroup };
    await expect(restoreDisk(world.deps, disk)).rejects.toMatchObject({
      message: expect.stringContaining("quota 'StorageAccounts'"),
    });
    const accountName = stagingAccountName({ ...world.stamp, resourceGroup: wish.resourceGroup });
    await world.stamp.ensureStaging({ resourceGroup: wish.resourceGroup, accountName, container: "c", tags: {} });
    expect(await messages()).not.toContain("StorageAccounts");
    world.stamp.usages = world.stamp.usages.filter(({ name }) => name === "StorageAccounts");
    expect((await restoreDisk(world.deps, disk)).name).toBe("back");
  });

  test("refuses a quota that is too small", async () => {
    const { world, pointId } = await captured();
    world.stamp.usages = [{ name: "StandardDiskSizeInGB", unit: "Count", current: 2047, limit: 2048 }];
    const plan = await planRestoreVm(world.deps, { pointId, wish });
    expect(plan.findings.map((finding) => finding.message).join()).toContain("2 needed, 1 of 2048 left");
  });

  describe.each(["createPageBlob", "importDisk", "createNic", "createVm", "deleteBlob"])("when %s fails", (method) => {
    test.each(["before", "after"] as const)("%s its effect, all that was made is removed", async (timing) => {
      const { world, pointId } = await captured();
      const before = world.stamp.listObjects();
      const faults = new FaultSet().add(method, { kind: "error", error: boom, timing });
      const stamp = withFaults(world.stamp, faults);
      await expect(restoreVm({ ...world.deps, stamp }, { pointId, wish })).rejects.toBe(boom);
      faults.verifyAllHit();
      expect(world.stamp.listObjects()).toEqual(before);
    });
  });

  test.each([true, false])(
    "killed at any call, its effect done: %s, is whole or leaves nothing",
    async (takesEffect) => {
      for (let lastCall = 1; ; lastCall += 1) {
        const { world, pointId } = await captured();
        const before = world.stamp.listObjects();
        const mortal = new Mortal(lastCall, { takesEffect });
        const outcome = await Promise.race([mortal.death, restoreVm(world.mortalDeps(mortal), { pointId, wish })]);
        if (outcome !== "killed") break;
        await new Promise((resolve) => setImmediate(resolve));
        world.records.killRuns();
        const report = await runJanitor(world.deps);
        expect(report.failures, `killed at call ${lastCall}`).toEqual([]);
        const restored = [...world.stamp.vms.values()].find((vm) => vm.name === wish.vmName);
        if (restored === undefined) {
          expect(world.stamp.listObjects()).toEqual(before);
          await restoreVm(world.deps, { pointId, wish });
        } else {
          expect(digestLiveDisks(world.stamp, restored)).toEqual(digestLiveDisks(world.stamp, world.vm));
          expect([world.stamp.nics.size, world.stamp.blobs.size]).toEqual([1, 0]);
        }
        expect((await world.records.listLedger("east")).every((entry) => entry.state === "kept")).toBe(true);
      }
    },
  );
});

describe("restoreDisk", () => {
  test("makes one disk with the point's bytes", async () => {
    const { world, pointId } = await captured();
    const disk = await restoreDisk(world.deps, { pointId, disk: "lun0", name: "back", resourceGroup: "restored" });
    const image = world.stamp.disks.get(disk.id.toLowerCase())!.image;
    const want = world.stamp.imageOf(world.vm.disks[1]!).read({ start: 0, end: diskBytes });
    expect(Buffer.from(image.read({ start: 0, end: diskBytes })).equals(want)).toBe(true);
    expect(world.stamp.blobs.size).toBe(0);
  });

  test("leaves a blob alone that somebody else keeps in the container under the disk's name", async () => {
    const { world, pointId } = await captured();
    const place = { subscriptionId: world.stamp.subscriptionId, resourceGroup: "restored" };
    const uri = `https://${stagingAccountName(place)}.blob.east.example/holdfast-staging/back.vhd`;
    const foreign = new PageImage(stagingBlobBytes(diskBytes));
    foreign.write(512, new Uint8Array(512).fill(7));
    const before = digestImage(foreign);
    world.stamp.blobs.set(uri, foreign);
    await restoreDisk(world.deps, { pointId, disk: "lun0", name: "back", resourceGroup: "restored" });
    expect([...world.stamp.blobs.keys()]).toEqual([uri]);
    expect(digestImage(foreign)).toBe(before);
  });

  test.each([
    [{ disk: "lun7", name: "back" }, "engine.point.disk-not-found"],
    [{ name: "back" }, "engine.point.disk-not-found"],
    [{ disk: "os", name: "bad name" }, "engine.restore.refused"],
  ])("refuses %o", async (input, code) => {
    const { world, pointId } = await captured();
    await expect(restoreDisk(world.deps, { pointId, resourceGroup: "r", ...input })).rejects.toMatchObject({ code });
  });

  test("names a point that is not there", async () => {
    const { world } = await captured();
    const restore = restoreDisk(world.deps, { pointId: "none", name: "back", resourceGroup: "r" });
    await expect(restore).rejects.toMatchObject({ code: "engine.point.not-found" });
  });
});
