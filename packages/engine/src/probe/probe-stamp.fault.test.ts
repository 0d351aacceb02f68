import { expect, test } from "vitest";
import { createWorld, killAtEachCall, listTagged } from "../testing/index.ts";
import { probeStamp } from "./probe-stamp.ts";

test.each([true, false])("a probe killed at any call, its effect done: %s, leaves nothing", async (takesEffect) => {
  const kills = await killAtEachCall(
    {
      prepare: async () => {
        const world = createWorld();
        return { world, before: world.stamp.listObjects() };
      },
      act: (_, deps) => probeStamp(deps),
      judge: async ({ world, before }, killedAt) => {
        expect(world.stamp.listObjects(), killedAt).toEqual(before);
        expect(listTagged(world), killedAt).toEqual([]);
        expect([world.stamp.groups.size, world.stamp.accounts.size], killedAt).toEqual([0, 0]);
        expect(await world.records.listLedger("east"), killedAt).toEqual([]);
        await probeStamp(world.deps);
        expect(world.stamp.listObjects(), killedAt).toEqual(before);
      },
    },
    { takesEffect },
  );
  expect(kills).toBeGreaterThan(30);
});
