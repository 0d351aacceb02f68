import { expect, test } from "vitest";
import { breakStores } from "./testing/torture/break-stores.ts";
import { cutModelledPower } from "./testing/torture/cut-modelled-power.ts";
import { killPruners } from "./testing/torture/kill-pruners.ts";
import { killWriters } from "./testing/torture/kill-writers.ts";

// The short forms of what `npm run torture` does for as long as it is told; the same seeds each time.

test("kills at random moments and at calls to the store lose no published point and leave no damage", async () => {
  const { did, losses } = await killWriters({ seed: 20_260_101, count: 24 });
  expect(losses).toEqual([]);
  expect(Object.values(did).reduce((sum, count) => sum + count, 0)).toBe(24);
});

test("prunes killed at calls to the store lose nothing that is needed, and the next one goes on", async () => {
  const { did, losses } = await killPruners({ seed: 20_260_105, count: 20 });
  expect(losses).toEqual([]);
  expect(did["came to their end"]).toBeGreaterThan(0);
});

test("power cuts of a modelled file system lose no published point and leave no damage", async () => {
  const { did, losses } = await cutModelledPower({ seed: 20_260_102, count: 150 });
  expect(losses).toEqual([]);
  expect(did["cuts after acknowledged points"]).toBeGreaterThan(20);
});

for (const what of ["file", "folder"] as const) {
  test(`the modelled cuts find a store that does not sync its ${what}s`, async () => {
    const { losses } = await cutModelledPower({ seed: 20_260_103, count: 60 }, (files) => ({
      ...files,
      async open(...call) {
        const handle = await files.open(...call);
        const isFolder = (await handle.stat()).isDirectory();
        if (isFolder === (what === "folder")) handle.sync = async () => {};
        return handle;
      },
    }));
    expect(losses).not.toEqual([]);
  });
}

test("captures over stores that fail, are slow, full or list late lose no published point", async () => {
  const { did, losses } = await breakStores({ seed: 20_260_104, count: 40 });
  expect(losses).toEqual([]);
  expect(did["repositories"]).toBe(40);
});
