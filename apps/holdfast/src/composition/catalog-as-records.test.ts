import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemHost, openCatalog } from "@holdfast/catalog";
import { backupVm, runJanitor } from "@holdfast/engine";
import { describeRecords } from "@holdfast/engine/conformance";
import { createWorld, digestLiveDisks, digestPoint, writePages } from "@holdfast/engine/testing";
import { FakeClock } from "@holdfast/kernel/testing";
import { afterEach, expect, test } from "vitest";

const opened = new Set<AsyncDisposable>();

describeRecords(async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-records-"));
  const clock = new FakeClock();
  const catalog = await openCatalog({ file: join(folder, "catalog.db"), clock, host: createSystemHost() });
  opened.add(catalog);
  opened.add({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) });
  return catalog;
});

afterEach(async () => {
  for (const each of opened) await each[Symbol.asyncDispose]();
  opened.clear();
});

test("the engine captures twice over the real catalog: the second time changes only, and one base is kept", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-records-"));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
  const world = createWorld();
  const file = join(folder, "catalog.db");
  const catalog = cleanUp.use(await openCatalog({ file, clock: world.deps.clock, host: createSystemHost() }));
  const deps = { ...world.deps, records: catalog };
  const input = { vmId: world.vm.id, allowRunningSnapshot: true };
  await backupVm(deps, input);
  writePages(world.stamp, world.vm, 7);
  const second = await backupVm(deps, input);
  expect(second.disks.map((disk) => disk.readScope.kind)).toEqual(world.vm.disks.map(() => "incremental"));
  expect(await digestPoint(world.points, second)).toEqual(digestLiveDisks(world.stamp, world.vm));
  const ledger = await catalog.listLedger(world.stamp.name);
  expect(ledger.map((entry) => [entry.kind, entry.state])).toEqual(world.vm.disks.map(() => ["snapshot", "kept"]));
  expect(await runJanitor(deps)).toMatchObject({ removed: [], failures: [], orphanSnapshotIds: [] });
});
