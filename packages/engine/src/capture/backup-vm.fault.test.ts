import { describe, expect, test } from "vitest";
import { createWorld, Mortal, digestLiveDisks, digestPoint, writePages } from "../testing/index.ts";
import type { World } from "../testing/index.ts";
import { runJanitor } from "../workflow/janitor.ts";
import { backupVm } from "./backup-vm.ts";

async function expectOnlyBases(world: World): Promise<void> {
  const { stamp, records, points, vm } = world;
  const bases = await Promise.all(
    vm.disks.map(async ({ backing }) => {
      const diskId = backing.kind === "managed" ? backing.diskId : backing.vhdUri;
      return (await records.findBase("east", points.id, diskId))?.snapshotRef;
    }),
  );
  const known = bases.filter((ref) => ref !== undefined).map((ref) => ref.toLowerCase());
  const live = [...stamp.snapshots.keys(), ...stamp.blobSnapshots.keys()].map((ref) => ref.toLowerCase());
  expect(live.toSorted()).toEqual(known.toSorted());
  expect([...stamp.access]).toEqual([]);
  expect((await records.listLedger("east")).every((entry) => entry.state === "kept")).toBe(true);
}

describe.each([true, false])("a backup killed at any call, its effect done: %s", (takesEffect) => {
  test("leaves nothing after the janitor, loses no point, and the next backup works", async () => {
    let kills = 0;
    for (let lastCall = 1; ; lastCall += 1) {
      const world = createWorld();
      const { stamp, points, records, vm, deps } = world;
      const bytes = digestLiveDisks(stamp, vm);
      const first = await backupVm(deps, { vmId: vm.id });
      writePages(stamp, vm, 2);
      const mortal = new Mortal(lastCall, { takesEffect });
      const outcome = await Promise.race([mortal.death, backupVm(world.mortalDeps(mortal), { vmId: vm.id })]);
      if (outcome !== "killed") break;
      kills += 1;
      // What is still on its way to the platform arrives.
      await new Promise((resolve) => setImmediate(resolve));
      records.killRuns();
      const report = await runJanitor(deps);
      expect(report.failures, `killed at call ${lastCall}`).toEqual([]);
      await expectOnlyBases(world);
      expect(await digestPoint(points, first)).toEqual(bytes);
      for (const point of await points.listPoints()) expect(await digestPoint(points, point)).toHaveLength(2);
      writePages(stamp, vm, 3);
      const next = await backupVm(deps, { vmId: vm.id });
      expect(next.disks.every((disk) => disk.readScope.kind === "incremental")).toBe(true);
      expect(await digestPoint(points, next)).toEqual(digestLiveDisks(stamp, vm));
      await expectOnlyBases(world);
    }
    expect(kills).toBeGreaterThan(30);
  });
});

test("a killed backup of unmanaged disks is cleaned too, or the one snapshot without a name is told", async () => {
  let cleaned = 0;
  let told = 0;
  for (let lastCall = 1; ; lastCall += 1) {
    const world = createWorld({ isUnmanaged: true, diskCount: 1 });
    const { vm, deps, records } = world;
    await backupVm(deps, { vmId: vm.id });
    const mortal = new Mortal(lastCall, { takesEffect: true });
    const outcome = await Promise.race([mortal.death, backupVm(world.mortalDeps(mortal), { vmId: vm.id })]);
    if (outcome !== "killed") break;
    await new Promise((resolve) => setImmediate(resolve));
    records.killRuns();
    const { failures } = await runJanitor(deps);
    if (failures.length > 0) {
      told += 1;
      expect(failures.map(({ error }) => error)).toEqual([
        expect.objectContaining({ code: "engine.janitor.unnamed-snapshot" }),
      ]);
    } else {
      cleaned += 1;
      await expectOnlyBases(world);
    }
  }
  // Told while the blob's address stands for a snapshot: from its entry until the entry of its name.
  expect(cleaned).toBeGreaterThan(told);
});
