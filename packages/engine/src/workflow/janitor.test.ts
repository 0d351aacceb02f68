import { HoldfastError } from "@holdfast/kernel";
import { FaultSet, withFaults } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { backupVm } from "../capture/backup-vm.ts";
import { createWorld } from "../testing/index.ts";
import type { World } from "../testing/index.ts";
import { runJanitor } from "./janitor.ts";

const boom = new HoldfastError({ code: "stackhub.arm.failed", message: "boom", advice: "Try again." });

async function addSnapshot(world: World, name: string, tags: Record<string, string>): Promise<string> {
  const { backing } = world.vm.disks[0]!;
  const diskId = backing.kind === "managed" ? backing.diskId : "";
  return (await world.stamp.createSnapshot({ diskId, name, resourceGroup: "apps", isIncremental: true, tags })).id;
}

test("removes orphans of this installation only, and no base", async () => {
  const world = createWorld();
  await backupVm(world.deps, { vmId: world.vm.id });
  const orphan = await addSnapshot(world, "orphan", { "holdfast:owner": "installation-1" });
  await addSnapshot(world, "neighbour", { "holdfast:owner": "installation-2" });
  await addSnapshot(world, "users-own", {});
  expect((await runJanitor(world.deps)).orphanSnapshotIds).toEqual([orphan]);
  expect([...world.stamp.snapshots.values()].map((s) => s.name.replace(/^hf-.*-/, ""))).toEqual([
    "os",
    "lun0",
    "neighbour",
    "users-own",
  ]);
});

test.each(["listSnapshotsTagged", "listLedger"])("deletes no orphan when %s fails", async (method) => {
  const world = createWorld();
  await addSnapshot(world, "orphan", { "holdfast:owner": "installation-1" });
  const faults = new FaultSet().add(method, { kind: "error", error: boom, timing: "before" });
  const { deps } = world;
  const failing = { ...deps, stamp: withFaults(deps.stamp, faults), records: withFaults(deps.records, faults) };
  await expect(runJanitor(failing)).rejects.toBe(boom);
  faults.verifyAllHit();
  expect(world.stamp.snapshots.size).toBe(1);
});

test("keeps the entry of what it could not delete, and deletes the rest", async () => {
  const world = createWorld();
  const { records, deps } = world;
  for (const name of ["one", "two"]) {
    const objectId = await addSnapshot(world, name, {});
    await records.enter({ id: name, runId: "dead", stampName: "east", kind: "snapshot", objectId });
  }
  const faults = new FaultSet().add("deleteSnapshot", { kind: "error", error: boom, timing: "before" });
  const report = await runJanitor({ ...deps, stamp: withFaults(deps.stamp, faults) });
  expect(report.failures.map(({ entry }) => entry.id)).toEqual(["one"]);
  expect((await records.listLedger("east")).map((entry) => entry.id)).toEqual(["one"]);
});

test("leaves a VM and a disk alone that a user made under an entered name", async () => {
  const world = createWorld();
  const { records, stamp, vm, deps } = world;
  const { backing } = vm.disks[0]!;
  const diskId = backing.kind === "managed" ? backing.diskId : "";
  await records.enter({ id: "1", runId: "dead", stampName: "east", kind: "vm", objectId: vm.id });
  await records.enter({ id: "2", runId: "dead", stampName: "east", kind: "disk", objectId: diskId });
  const before = stamp.listObjects();
  await runJanitor(deps);
  expect(stamp.listObjects()).toEqual(before);
});

test("asks ARM for nothing about an address, and drops its entry", async () => {
  const { deps, records } = createWorld({ isUnmanaged: true });
  const objectId = "https://acct.blob.east.example/vhds/a.vhd?snapshot=2026-01-01T00:00:00Z";
  await records.enter({ id: "1", runId: "dead", stampName: "east", kind: "sas", objectId });
  expect((await runJanitor(deps)).failures).toEqual([]);
  expect(await records.listLedger("east")).toEqual([]);
});
