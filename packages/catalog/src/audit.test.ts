import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import type { Catalog } from "./catalog.ts";
import { makeCatalogFolder } from "./testing/temporary-catalog.ts";

const refused = {
  act: "points.delete",
  scope: "/stamps/north",
  outcome: "refused",
  reason: "ben has no role.",
} as const;
const done = { act: "backups.run", scope: "/stamps/north", outcome: "done", reason: "anna is operator at /." } as const;

async function appendThree(catalog: Catalog) {
  await catalog.appendAudit("ben", refused);
  await catalog.appendAudit("anna", done);
  return await catalog.appendAudit("ben", refused);
}

function change(file: string, statement: string): void {
  using database = new DatabaseSync(file);
  database.exec(statement);
}

test("acts are read back in pages as they were appended, and the log is whole up to its head", async () => {
  await using folder = await makeCatalogFolder();
  await using catalog = await folder.open();
  expect(await catalog.verifyAudit()).toEqual({ isWhole: true, head: { number: 0, digest: "" } });
  const head = await appendThree(catalog);
  const atMs = folder.clock.now();
  expect(await catalog.listAudit(0, 1)).toEqual([{ ...refused, number: 1, atMs, principal: "ben" }]);
  expect(await catalog.listAudit(1, 10)).toMatchObject([{ ...done, number: 2, principal: "anna" }, { number: 3 }]);
  expect(await catalog.verifyAudit(head)).toEqual({ isWhole: true, head });
});

test("two openings of one catalog append in turn without a gap or a lost act", async () => {
  await using folder = await makeCatalogFolder();
  await using one = await folder.open();
  await using other = await folder.open();
  for (let i = 0; i < 20; i += 1) await (i % 2 === 0 ? one : other).appendAudit("anna", done);
  expect(await one.verifyAudit()).toMatchObject({ isWhole: true, head: { number: 20 } });
});

test("a log longer than what is read at once is checked to its end", async () => {
  await using folder = await makeCatalogFolder();
  await using catalog = await folder.open();
  for (let i = 0; i < 201; i += 1) await catalog.appendAudit("anna", done);
  expect(await catalog.verifyAudit()).toMatchObject({ isWhole: true, head: { number: 201 } });
  change(folder.file, "update records set entered_by = 'eve' where number = 201");
  expect(await catalog.verifyAudit()).toEqual({ isWhole: false, brokenNumber: 201 });
});

test.each([
  ["another principal", "update records set entered_by = 'eve' where number = 2", 2],
  ["another outcome", "update records set document = replace(document, 'refused', 'done') where number = 1", 1],
  ["an act taken out", "delete from records where number = 2", 2],
])("verification names the first broken entry: %s", async (_what, statement, brokenNumber) => {
  await using folder = await makeCatalogFolder();
  await using catalog = await folder.open();
  await appendThree(catalog);
  change(folder.file, statement);
  expect(await catalog.verifyAudit()).toEqual({ isWhole: false, brokenNumber });
});

test("a log cut off at its end is found only with an anchor, and so is one that was written anew", async () => {
  await using folder = await makeCatalogFolder();
  await using catalog = await folder.open();
  const anchor = await appendThree(catalog);
  change(folder.file, "delete from records where number = 3");
  expect(await catalog.verifyAudit()).toMatchObject({ isWhole: true, head: { number: 2 } });
  expect(await catalog.verifyAudit(anchor)).toEqual({ isWhole: false, brokenNumber: 3 });
  await catalog.appendAudit("eve", done);
  expect(await catalog.verifyAudit()).toMatchObject({ isWhole: true });
  expect(await catalog.verifyAudit(anchor)).toEqual({ isWhole: false, brokenNumber: 3 });
});
