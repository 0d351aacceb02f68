import type { RecoveryPoint } from "@holdfast/domain";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PlacedVm, ProductStage } from "./product-stage.ts";
import { connectAll, diskNames, group, openProductStage, placeVm, snapshotNames } from "./product-stage.ts";
import { runAndSignal } from "./stopped-run.ts";

let stage: ProductStage;
let vm: PlacedVm;
let acknowledged: RecoveryPoint[] = [];

const backupWords = ["backup", "web", "--running-snapshot", "--json"];
const listPoints = (): Promise<RecoveryPoint[]> => stage.holdfast.json("points");

beforeAll(async () => {
  stage = await openProductStage();
  await connectAll(stage);
  vm = await placeVm(stage, "web");
  await stage.holdfast.json(...backupWords);
  acknowledged = await listPoints();
});
afterAll(() => stage?.[Symbol.asyncDispose]());

async function expectPointsIntact(): Promise<void> {
  const ids = (await listPoints()).map(({ id }) => id);
  for (const { id } of acknowledged) expect(ids).toContain(id);
  await stage.holdfast.json("check");
}

// The calls are those that the stamp sees, from sign-in to the removal of the old base.
test.for([8, 15, 19, 23, 28])("a backup killed at call %i leaves nothing", async (call) => {
  await stage.writeDisk("east", vm.diskIds[0]!, call * 300_032, Buffer.alloc(4096, call));
  const stop = { stamp: "east", signal: "SIGKILL", call } as const;
  const killed = await runAndSignal(stage, backupWords, stop);
  expect(killed.code, "the signal ended it").toBeNull();
  await stage.holdfast.json("janitor");
  expect((await snapshotNames(stage)).length, "no more than a base").toBeLessThanOrEqual(1);
  await stage.holdfast.json(...backupWords);
  expect(await snapshotNames(stage)).toHaveLength(1);
  await expectPointsIntact();
  acknowledged = await listPoints();
});

test.for([12, 24])("a restore killed at call %i leaves no disk", async (call) => {
  const name = `back${call}`;
  const words = ["restore", "vm", "web@latest", "--name", name, "--resource-group", group, "--yes", "--json"];
  const killed = await runAndSignal(stage, words, { stamp: "east", signal: "SIGKILL", call });
  expect(killed.code, "the signal ended it").toBeNull();
  await stage.holdfast.json("janitor");
  expect(await diskNames(stage), "no disk of the dead run").toEqual(["web-os"]);
  expect(await snapshotNames(stage)).toHaveLength(1);
  await stage.holdfast.json(...backupWords);
  await expectPointsIntact();
});
