import type { RecoveryPoint } from "@holdfast/domain";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PlacedVm, ProductStage } from "./product-stage.ts";
import {
  connectAll,
  diskNames,
  group,
  groupNames,
  nicNames,
  openProductStage,
  placeVm,
  runTagged,
  snapshotNames,
  stagingBlobs,
} from "./product-stage.ts";
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

/** Beside the VM's own things: one base snapshot, which is the only thing that carries the tag of a run. */
async function expectNothingLeft(): Promise<void> {
  expect(await diskNames(stage), "no disk of the dead run").toEqual(["web-os"]);
  expect(await nicNames(stage), "no network interface of the dead run").toEqual(["web-nic"]);
  expect(await stagingBlobs(stage), "no staging blob").toEqual([]);
  expect(await groupNames(stage), "no group of the dead run").toEqual([group]);
  const [base, ...others] = await snapshotNames(stage);
  expect(others, "no snapshot but the base").toEqual([]);
  expect(await runTagged(stage), "no other tag of a run").toEqual([`Microsoft.Compute/snapshots ${base}`]);
}

const restoreVm = ["restore", "vm", "web@latest", "--resource-group", group, "--yes", "--json", "--name"];
const restoreDisk = ["restore", "disk", "web@latest", "--resource-group", group, "--yes", "--json", "--name"];

test.for([
  ["VM", restoreVm, 12],
  ["VM", restoreVm, 24],
  ["disk", restoreDisk, 12],
  ["disk", restoreDisk, 17],
] as const)("a restore of a $0 killed at call $2 leaves nothing", async ([, words, call]) => {
  const killed = await runAndSignal(stage, [...words, `back${call}`], { stamp: "east", signal: "SIGKILL", call });
  expect(killed.code, "the signal ended it").toBeNull();
  await stage.holdfast.json("janitor");
  await expectNothingLeft();
  await stage.holdfast.json(...backupWords);
  await expectPointsIntact();
});

test.for([22, 30])("a probe killed at call %i leaves nothing", async (call) => {
  const stop = { stamp: "east", signal: "SIGKILL", call } as const;
  const killed = await runAndSignal(stage, ["stamp", "probe", "east", "--json"], stop);
  expect(killed.code, "the signal ended it").toBeNull();
  await stage.holdfast.json("janitor");
  await expectNothingLeft();
});
