import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { findBrokenEntry } from "./media.ts";
import { makeCatalogFolder } from "./testing/temporary-catalog.ts";

const nothing = { holder: null, pointCount: null, newestPointAtMs: null, findingCount: null };

test("the custody log keeps its order, and each entry is bound to the one before", async () => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  await catalog.addMedium({ name: "disk-1", setName: "A", repositoryId: "r1" });
  await catalog.logCustody({ ...nothing, mediumName: "disk-1", event: "added" });
  await catalog.logCustody({ ...nothing, mediumName: "disk-1", event: "handed-over", holder: "the bank" });
  await catalog.logCustody({ ...nothing, mediumName: "disk-1", event: "attached", findingCount: 0, pointCount: 3 });
  await catalog.logCustody({ ...nothing, mediumName: "disk-2", event: "added" });
  const entries = await catalog.listCustody("disk-1");
  expect(entries.map(({ number, event, holder }) => [number, event, holder])).toEqual([
    [1, "added", null],
    [2, "handed-over", "the bank"],
    [3, "attached", null],
  ]);
  expect(findBrokenEntry(entries)).toBeNull();
  expect(await catalog.findMedium("disk-1")).toMatchObject({ setName: "A", repositoryId: "r1" });
  expect((await catalog.listMedia()).map(({ name }) => name)).toEqual(["disk-1"]);
});

test.each([
  ["changed", "update custody set holder = 'somebody else' where number = 2", 2],
  ["deleted", "delete from custody where number = 1", 1],
])("an entry that was %s breaks the chain where it was", async (_what, statement, broken) => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  for (const holder of ["one", "two", "three"])
    await catalog.logCustody({ ...nothing, mediumName: "disk-1", event: "handed-over", holder });
  using database = new DatabaseSync(folder.file);
  database.exec(statement);
  expect(findBrokenEntry(await catalog.listCustody("disk-1"))).toBe(broken);
});

test("entries that are written at once all get a number of their own", async () => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  const write = (findingCount: number) =>
    catalog.logCustody({ ...nothing, mediumName: "disk-1", event: "verified", findingCount });
  await Promise.all(Array.from({ length: 10 }, (_, i) => write(i)));
  const entries = await catalog.listCustody("disk-1");
  expect([entries.length, findBrokenEntry(entries)]).toEqual([10, null]);
});
