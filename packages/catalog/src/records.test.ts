import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import type { Decision } from "@holdfast/domain";
import { expect, test } from "vitest";
import { makeCatalogFolder } from "./testing/temporary-catalog.ts";

const hourMs = 3_600_000;
const farMs = Date.UTC(2100, 0, 1);
const objectives = {
  rtoMs: 4 * hourMs,
  rpoMs: hourMs,
  retention: { daily: 7, timeZone: "Europe/Berlin" },
  consistency: "application",
  owner: "Ada",
  exceptions: { site: { borne: "there is one site" }, stamp: { rtoMs: 8 * hourMs, rpoMs: hourMs } },
} as const;
const set: Decision = { kind: "objectives-set", objectives, reviewByMs: farMs, reasons: ["the interview"] };
const signed: Decision = { kind: "signed", by: "Ada", objectivesNumber: 2, reviewByMs: farMs };
const every: readonly Decision[] = [
  { kind: "interviewed", answers: { stoppage: "all-work", byHandMs: hourMs, owner: "Ada" } },
  set,
  signed,
  { kind: "none-decided", reason: "no state", owner: "Ada", expiresAtMs: farMs, isRedeployed: true },
  { kind: "redeployment-timed", redeployment: { atMs: 0, durationMs: hourMs, wasWithoutUplink: true } },
  { kind: "none-withdrawn", reason: "it holds state now" },
  { kind: "finding-accepted", finding: "one-fault-domain", reason: "one node", owner: "Ada", expiresAtMs: farMs },
  { kind: "acceptance-withdrawn", finding: "one-fault-domain", reason: "a second node came" },
  { kind: "contact-set", contact: { name: "Bo", role: "database", reach: "+49 1" } },
  { kind: "contact-set", contact: { name: "Cy", role: "network", reach: "+49 2" } },
  { kind: "contact-removed", name: "Cy" },
  {
    kind: "recovery-noted",
    notes: { dependsOn: ["dns"], startOrder: [["db1"], ["web1"]], steps: ["s"], secrets: [{ what: "w", where: "x" }] },
  },
];

test("decisions of every kind are read back as they were entered, and what holds is folded from them", async () => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  const holds = await catalog.recordDecisions("shop", every, "root");
  await catalog.recordDecisions("lab", [set], "root");
  const again = await folder.open();
  const log = await again.listDecisions("shop");
  expect(log).toEqual(every.map((one, i) => ({ ...one, number: i + 1, atMs: folder.clock.now(), enteredBy: "root" })));
  const loaded = await again.loadDecisions();
  expect([...loaded.keys()]).toEqual(["lab", "shop"]);
  expect(loaded.get("shop")).toEqual(holds);
  expect(holds).toMatchObject({ objectives: { ...objectives, signOff: { by: "Ada" } }, waiver: null, number: 12 });
  expect(await again.findBrokenRecords()).toEqual([]);
});

test("of several decisions none is entered where one does not fit", async () => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  const outdated: Decision = { ...signed, objectivesNumber: 7 };
  const refused = catalog.recordDecisions("shop", [set, outdated], "root");
  await expect(refused).rejects.toMatchObject({ code: "domain.decision.outdated" });
  expect(await catalog.listDecisions("shop")).toEqual([]);
});

test("a signature is refused where the objectives changed in another process meanwhile", async () => {
  await using folder = await makeCatalogFolder();
  const [mine, other] = [await folder.open(), await folder.open()];
  const { objectivesNumber } = await mine.recordDecisions("shop", [set], "root");
  await other.recordDecisions("shop", [set], "root");
  const late = mine.recordDecisions("shop", [{ ...signed, objectivesNumber: objectivesNumber! }], "root");
  await expect(late).rejects.toMatchObject({ code: "domain.decision.outdated" });
});

test.each([
  ["no JSON", "{"],
  ["an unknown kind", '{"kind":"wished"}'],
  ["an unknown field", '{"kind":"none-withdrawn","reason":"x","more":1}'],
  ["a missing field", '{"kind":"contact-removed"}'],
])("an entry with %s is refused, and nothing of the log is taken for true", async (_what, document) => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  await catalog.recordDecisions("shop", [set, signed].slice(0, 1), "root");
  change(folder.file, `update records set document = '${document}'`);
  for (const read of [catalog.listDecisions("shop"), catalog.loadDecisions()])
    await expect(read).rejects.toMatchObject({ code: "catalog.file.unreadable" });
  const write = catalog.recordDecisions("shop", [set], "root");
  await expect(write).rejects.toMatchObject({ code: "catalog.file.unreadable" });
});

test.each([
  ["a word that was changed", "update records set document = replace(document, 'Ada', 'Bob') where number = 2", 2],
  ["another author", "update records set entered_by = 'eve' where number = 3", 3],
  ["another time", "update records set at_ms = 5 where number = 1", 1],
  ["a missing entry", "delete from records where number = 4", 4],
])("%s breaks the chain of its log", async (_what, statement, number) => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  await catalog.recordDecisions("shop", every, "root");
  change(folder.file, statement);
  expect(await catalog.findBrokenRecords()).toEqual([{ log: "application", subject: "shop", number }]);
});

test("an entry that is written anew with a digest of its own breaks the chain at the next", async () => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  await catalog.recordDecisions("shop", every, "root");
  using database = new DatabaseSync(folder.file);
  const row = (number: number) =>
    database.prepare("select * from records where number = ?").get(number) as Record<string, string | number>;
  const document = '{"kind":"none-withdrawn","reason":"forged"}';
  // The formula of docs/catalog.md.
  const fields = [row(1)["digest"], "application", "shop", 2, row(2)["at_ms"], "root", document];
  const digest = createHash("sha256").update(JSON.stringify(fields)).digest("hex");
  database.prepare("update records set document = ?, digest = ? where number = 2").run(document, digest);
  expect(await catalog.findBrokenRecords()).toEqual([{ log: "application", subject: "shop", number: 3 }]);
});

test("a log with a gap still takes entries, and stays broken where it was", async () => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  await catalog.recordDecisions("shop", every, "root");
  change(folder.file, "delete from records where number = 5");
  expect(await catalog.recordDecisions("shop", [set], "root")).toMatchObject({ number: 13, objectivesNumber: 13 });
  expect(await catalog.findBrokenRecords()).toEqual([{ log: "application", subject: "shop", number: 5 }]);
});

test("a decision that could not be read back is refused before it is written", async () => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  const odd = { kind: "contact-removed", name: "Bo", also: 1 } as const;
  const called: Decision = { kind: "contact-set", contact: { name: "Bo", role: "r", reach: "1" } };
  const refused = catalog.recordDecisions("shop", [called, odd], "root");
  await expect(refused).rejects.toMatchObject({ code: "catalog.record.refused" });
  expect(await catalog.listDecisions("shop")).toEqual([]);
});

test("an incident is folded from its log, and its times are checked before they are written", async () => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  const opened = {
    id: "i1",
    application: "shop",
    scenario: "stamp",
    kind: "incident",
    startedAtMs: 1000,
    openedAtMs: 2000,
  } as const;
  await catalog.recordIncident(opened, [], "root");
  await catalog.recordIncidentEvents("i1", [{ kind: "declared", by: "Ada", atMs: 3000 }], "ops");
  const before = catalog.recordIncidentEvents("i1", [{ kind: "reached", milestone: "ready", atMs: 500 }], "ops");
  await expect(before).rejects.toMatchObject({ code: "domain.incident.out-of-order" });
  const ended = [
    { kind: "reached", milestone: "ready", atMs: 9000 },
    { kind: "closed", outcome: "recovered", atMs: 9500 },
  ] as const;
  const incident = await catalog.recordIncidentEvents("i1", ended, "ops");
  expect(incident).toMatchObject({
    declared: { by: "Ada", atMs: 3000 },
    reached: { detected: 2000, decided: 3000, ready: 9000 },
    outcome: "recovered",
  });
  const drill = { ...opened, id: "d1", kind: "stamp-drill", startedAtMs: 5000, openedAtMs: 5000 } as const;
  await catalog.recordIncident(drill, ended, "worker");
  expect((await (await folder.open()).listIncidents()).map(({ id }) => id)).toEqual(["d1", "i1"]);
  const log = await catalog.listIncidentEvents("i1");
  expect(log.map(({ number, enteredBy, event }) => [number, enteredBy, event.kind])).toEqual([
    [1, "root", "opened"],
    [2, "ops", "declared"],
    [3, "ops", "reached"],
    [4, "ops", "closed"],
  ]);
  await expect(catalog.recordIncident(opened, [], "root")).rejects.toMatchObject({ code: "catalog.incident.exists" });
  await expect(catalog.recordIncidentEvents("i9", [], "root")).rejects.toMatchObject({
    code: "catalog.incident.not-found",
  });
});

test("of a drill with impossible times nothing is kept", async () => {
  await using folder = await makeCatalogFolder();
  const catalog = await folder.open();
  const drill = { id: "d", application: "a", scenario: "vm", kind: "stamp-drill" } as const;
  const closed = { kind: "closed", outcome: "recovered", atMs: 10 } as const;
  const late = catalog.recordIncident({ ...drill, startedAtMs: 20, openedAtMs: 20 }, [closed], "worker");
  await expect(late).rejects.toMatchObject({ code: "domain.incident.out-of-order" });
  expect(await catalog.listIncidents()).toEqual([]);
});

test.each(["delete from records where number = 1", "update records set document = '{}' where number = 2"])(
  "an incident's log is refused after %s",
  async (statement) => {
    await using folder = await makeCatalogFolder();
    const catalog = await folder.open();
    const opened = {
      id: "i",
      application: "a",
      scenario: "vm",
      kind: "incident",
      startedAtMs: 1,
      openedAtMs: 1,
    } as const;
    await catalog.recordIncident(opened, [{ kind: "declared", by: "Ada", atMs: 2 }], "root");
    change(folder.file, statement);
    await expect(catalog.listIncidents()).rejects.toMatchObject({ code: "catalog.file.unreadable" });
  },
);

test("a catalog of before the records takes them", async () => {
  await using folder = await makeCatalogFolder();
  await (await folder.open())[Symbol.asyncDispose]();
  change(folder.file, "drop table records; delete from kysely_migration where name >= '0003'");
  const catalog = await folder.open();
  await catalog.recordDecisions("shop", [set], "root");
  expect((await catalog.loadDecisions()).size).toBe(1);
});

function change(file: string, statements: string): void {
  using database = new DatabaseSync(file);
  database.exec(statements);
}
