import { stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { catalogFolder } from "./catalog.ts";
import { makeCatalogFolder } from "./testing/temporary-catalog.ts";

const stamp = {
  name: "east",
  armEndpoint: "https://management.east.example",
  tenant: "t",
  clientId: "c",
  credential: { kind: "secret-file", path: "/etc/holdfast/east.secret" },
  caFile: null,
  subscriptionId: null,
  resolve: { "*.east.example": "10.0.0.4" },
} as const;

test("openCatalog makes a private file in a private folder, and finds it again", async () => {
  await using folder = await makeCatalogFolder();
  const first = await folder.open();
  await first.saveStamp(stamp);
  expect((await stat(folder.file)).mode & 0o777).toBe(0o600);
  expect((await stat(`${folder.file}-wal`)).mode & 0o777).toBe(0o600);
  expect((await stat(dirname(folder.file))).mode & 0o777).toBe(0o700);
  const second = await folder.open();
  expect(await second.findStamp("east")).toEqual(stamp);
  expect(await second.listStamps()).toEqual([stamp]);
});

test("openCatalog refuses a newer version, a foreign database and a file that is no database", async () => {
  await using newer = await makeCatalogFolder();
  await newer.open();
  const database = new DatabaseSync(newer.file);
  database.exec("insert into kysely_migration values ('9999-later', '2030-01-01')");
  database.close();
  await expect(newer.open()).rejects.toMatchObject({ code: "catalog.file.newer-version" });

  await using foreign = await makeCatalogFolder();
  await foreign.open();
  const other = new DatabaseSync(foreign.file);
  other.exec("drop table kysely_migration");
  other.close();
  await expect(foreign.open()).rejects.toMatchObject({ code: "catalog.file.unreadable" });

  await using garbage = await makeCatalogFolder();
  await (await garbage.open())[Symbol.asyncDispose]();
  await writeFile(garbage.file, "x".repeat(8192));
  await expect(garbage.open()).rejects.toMatchObject({ code: "catalog.file.unreadable" });
});

test("a full disk is named, loses nothing that was written, and the catalog works on", async () => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open(undefined, { maxPageCount: 40 });
  await catalog.saveStamp(stamp);
  const large = { stampName: "east", probedAtMs: 1, capabilities: [{ finding: "x".repeat(400_000) }] };
  await expect(catalog.saveProbe(large as never)).rejects.toMatchObject({ code: "catalog.disk.full" });
  expect(await catalog.findStamp("east")).toEqual(stamp);
  const repository = { name: "default", id: "r", location: "/srv/r", isDefault: true };
  await catalog.saveRepository({ ...repository, location: "/srv/r" });
  expect(await catalog.findRepository()).toEqual(repository);
});

test("a full disk in a transaction is named too", async () => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open(undefined, { maxPageCount: 40 });
  const repository = { name: "n", id: "r", location: `/${"x".repeat(400_000)}`, isDefault: true };
  await expect(catalog.saveRepository(repository)).rejects.toMatchObject({ code: "catalog.disk.full" });
  expect(await catalog.listRepositories()).toEqual([]);
});

test("only one repository is the default", async () => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  await catalog.saveRepository({ name: "a", id: "1", location: "/a", isDefault: true });
  await catalog.saveRepository({ name: "b", id: "2", location: "/b", isDefault: true });
  expect((await catalog.listRepositories()).map((found) => found.isDefault)).toEqual([false, true]);
  expect(await catalog.findRepository()).toMatchObject({ name: "b" });
});

test("a stamp is not forgotten while the ledger names objects on it, unless they are to be left there", async () => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  await catalog.saveStamp(stamp);
  await catalog.enter({ id: "e", runId: "r", stampName: "east", kind: "disk", objectId: "/disks/d" });
  await expect(catalog.removeStamp("east")).rejects.toMatchObject({ code: "catalog.stamp.in-use" });
  expect(await catalog.removeStamp("east", { leaveObjects: true })).toBe(true);
  expect(await catalog.removeStamp("east")).toBe(false);
  expect(await catalog.listLedger("east")).toEqual([]);
});

test("inventories and probes are replaced whole", async () => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  expect(await catalog.loadInventory("east")).toBeNull();
  await catalog.saveProbe({ stampName: "east", probedAtMs: 1, capabilities: [] });
  await catalog.saveProbe({ stampName: "east", probedAtMs: 2, capabilities: [] });
  expect(await catalog.loadProbe("east")).toEqual({ stampName: "east", probedAtMs: 2, capabilities: [] });
});

test("catalogFolder follows HOLDFAST_HOME", () => {
  expect(catalogFolder({ HOLDFAST_HOME: "/srv/h" })).toBe("/srv/h");
  expect(catalogFolder({ HOLDFAST_HOME: "" })).toMatch(/\.holdfast$/);
});

test("an installation keeps the identity that was settled first", async () => {
  await using folder = await makeCatalogFolder();
  expect(await (await folder.open()).settleInstallation("one")).toBe("one");
  expect(await (await folder.open()).settleInstallation("two")).toBe("one");
});
