import { expect, test } from "vitest";
import { makeCatalogFolder } from "./testing/temporary-catalog.ts";

const entry = { id: "e1", runId: "r1", stampName: "east", kind: "snapshot", objectId: "/Snapshots/S1" } as const;
const base = {
  stampName: "east",
  repositoryId: "repo",
  diskId: "/Disks/D1",
  sourceIdentity: "unique-1",
  sizeBytes: 2 ** 40,
  snapshotRef: "/snapshots/s1",
  pointId: "p1",
};

test("the ledger keeps an entry from intent to removal, and hides kept ones from the janitor", async () => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  await catalog.enter(entry);
  expect(await catalog.listLedger("east")).toEqual([{ ...entry, state: "intended", enteredAtMs: folder.clock.now() }]);
  await catalog.mark("e1", "kept");
  expect(await catalog.listAbandoned("east")).toEqual([]);
  await catalog.mark("e1", "made");
  expect(await catalog.listAbandoned("east")).toHaveLength(1);
  await catalog.remove("e1");
  await catalog.remove("e1");
  expect(await catalog.listLedger("east")).toEqual([]);
  await expect(catalog.mark("e1", "made")).rejects.toMatchObject({ code: "catalog.ledger.missing" });
});

test("a new base keeps its snapshot and gives the old one to the run, whatever the case of the ids", async () => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  await catalog.enter(entry);
  await catalog.enter({ ...entry, id: "e2", runId: "r2", objectId: "/Snapshots/S2" });
  expect(await catalog.replaceBase(base, { runId: "r1" })).toBeNull();
  const stored = { ...base, diskId: "/disks/d1" };
  expect(await catalog.findBase("east", "repo", "/DISKS/d1")).toEqual(stored);
  const next = { ...base, snapshotRef: "/snapshots/s2", pointId: "p2" };
  expect(await catalog.replaceBase(next, { runId: "r2" })).toEqual(stored);
  const states = (await catalog.listLedger("east")).map(({ id, state, runId }) => ({ id, state, runId }));
  expect(states).toEqual([
    { id: "e1", state: "made", runId: "r2" },
    { id: "e2", state: "kept", runId: "r2" },
  ]);
});

test("replacing a base by itself, after a lost answer, hands nothing out for deletion", async () => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  await catalog.enter(entry);
  await catalog.replaceBase(base, { runId: "r1" });
  expect(await catalog.replaceBase(base, { runId: "r1" })).toBeNull();
  expect(await catalog.listLedger("east")).toMatchObject([{ state: "kept" }]);
  await catalog.removeBase("east", "repo", "/Disks/D1");
  expect(await catalog.findBase("east", "repo", "/Disks/D1")).toBeNull();
});
