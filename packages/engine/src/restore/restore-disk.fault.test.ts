import { expect, test } from "vitest";
import { backupVm } from "../capture/backup-vm.ts";
import { createWorld, killAtEachCall, listTagged } from "../testing/index.ts";
import { restoreDisk } from "./restore-disk.ts";

// Whole MiB, as Import makes them.
const diskBytes = 1024 ** 2;

async function prepare() {
  const world = createWorld({ diskBytes });
  const { id: pointId } = await backupVm(world.deps, { vmId: world.vm.id });
  const before = { objects: world.stamp.listObjects(), tagged: listTagged(world) };
  return { world, before, input: { pointId, disk: "lun0", name: "back", resourceGroup: "restored" } };
}

test.each([true, false])(
  "a restore of a disk killed at any call, its effect done: %s, is whole or leaves nothing",
  async (takesEffect) => {
    let kept = 0;
    const kills = await killAtEachCall(
      {
        prepare,
        act: ({ input }, deps) => restoreDisk(deps, input),
        judge: async ({ world, before, input }, killedAt) => {
          const { stamp, records, vm, deps } = world;
          const restored = [...stamp.disks.values()].find(({ name }) => name === input.name);
          expect((await records.listLedger("east")).every(({ state }) => state === "kept")).toBe(true);
          expect([stamp.blobs.size, stamp.access.size, stamp.nics.size], killedAt).toEqual([0, 0, 0]);
          if (restored === undefined) {
            expect(stamp.listObjects(), killedAt).toEqual(before.objects);
            expect(listTagged(world), killedAt).toEqual(before.tagged);
            await restoreDisk(deps, input);
          } else {
            kept += 1;
            const want = Buffer.from(stamp.imageOf(vm.disks[1]!).read({ start: 0, end: diskBytes }));
            expect(want.equals(restored.image.read({ start: 0, end: diskBytes })), killedAt).toBe(true);
          }
        },
      },
      { takesEffect },
    );
    expect(kills).toBeGreaterThan(15);
    // Only after the commit, when little is left to do.
    expect(kept).toBeLessThan(6);
  },
);
