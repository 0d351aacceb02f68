import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { makeRecordSite, taggedVm } from "../testing/make-record-site.ts";

const shop = [taggedVm("web1", { application: "shop" })];
const set = ["objectives", "set", "shop", "--rto", "4h", "--rpo", "1h", "--owner", "Ada"];
const dayMs = 86_400_000;

test("the interview asks at the terminal, asks again after a wrong answer, and enters what was agreed to", async () => {
  await using site = await makeRecordSite(shop);
  const answers = ["all-work", "9", "4", "2h", "", "", "none", "", "database", "90d", "Ada", "y"];
  const { exitCode, out, err, questions } = await site.run(["objectives", "interview", "shop"], answers);
  expect(exitCode).toBe(0);
  expect(questions[1]).toMatch(/For whom\? \(It decides the RTO.\)\n  1  nobody: .*\n.*\n.*\n  4  people-outside/s);
  expect(err).toContain("Give one of nobody, a-team, the-organisation, people-outside.");
  expect(err).toMatch(/Proposed for shop:\nRTO +1 h 00 min\nRPO +1 h 00 min\nconsistency +application\n/);
  expect(err).toMatch(/because:\n  rto: what stops: all-work, .*\n  rto: people outside are hit/);
  expect(err).toContain("open, and taken cautiously: cost-per-hour, bearable-cost, reentry-span\n");
  expect(out).toContain("holdfast objectives sign shop --by NAME");
  const { value } = await site.json("objectives", "history", "shop");
  expect(value.entries).toMatchObject([
    { number: 1, kind: "interviewed", enteredBy: "root", answers: { stoppage: "all-work", byHandMs: 7_200_000 } },
    { number: 2, kind: "objectives-set", objectives: { rtoMs: 3_600_000, owner: "Ada" } },
  ]);
});

test("a no enters nothing, and so does a plan alone", async () => {
  await using site = await makeRecordSite(shop);
  expect(await site.run(set, ["no"])).toMatchObject({ exitCode: 2 });
  expect(await site.run([...set, "--plan-only"])).toMatchObject({ exitCode: 0, questions: [] });
  expect((await site.json("objectives", "show")).value).toEqual([]);
  const withoutTerminal = await site.json(...set);
  expect([withoutTerminal.exitCode, withoutTerminal.value.error.code]).toEqual([2, "cli.input.needed"]);
});

test("the interview takes answers of a file, and options outweigh it", async () => {
  await using site = await makeRecordSite(shop);
  const file = join(site.path, "answers.json");
  await writeFile(file, '{"stoppage": "nothing", "by-hand": "8h", "cost-per-hour": 100, "owner": "Ada"}');
  const interview = ["objectives", "interview", "shop", "--answers", file];
  const { value } = await site.json(...interview, "--owner", "Bo", "--plan-only");
  expect(value.answers).toEqual({ stoppage: "nothing", byHandMs: 28_800_000, costPerHour: 100, owner: "Bo" });
  expect(value.proposal.unanswered).toContain("reentry");
});

test.each([
  ["{", "cli.usage.answers-file"],
  ["[]", "cli.usage.answers-file"],
  ['{"colour": "red"}', "cli.usage.answers-file"],
  ['{"owner": null}', "cli.usage.answers-file"],
  ['{"stoppage": "everything"}', "cli.usage.answer"],
  ['{"by-hand": "soon"}', "cli.usage.answer"],
  ["x".repeat(300_000), "cli.usage.file"],
])("a file of answers with %.20s is refused by %s", async (text, code) => {
  await using site = await makeRecordSite(shop);
  const file = join(site.path, "answers.json");
  await writeFile(file, text);
  const refused = await site.json("objectives", "interview", "shop", "--answers", file, "--yes");
  expect([refused.exitCode, refused.value.error.code]).toEqual([2, code]);
  expect((await site.json("objectives", "show")).value).toEqual([]);
});

test("objectives are signed as they stand, and a change takes the signature away", async () => {
  await using site = await makeRecordSite(shop);
  await site.run([...set, "--yes"]);
  expect((await site.run(["objectives", "show", "shop"])).out).toMatch(/signed +by nobody.*warns: shop: no owner/s);
  const signed = await site.run(["objectives", "sign", "shop", "--by", "Bo", "--review-in", "180d"], ["y"]);
  expect(signed).toMatchObject({ exitCode: 0, out: "Signed by Bo. To be reviewed by 2026-06-30.\n" });
  expect(signed.err).toContain("The owner is Ada; Bo signs in their place.");
  expect((await site.run(["objectives", "show"])).out).toMatch(
    /shop +4 h 00 min +1 h 00 min +Ada +Bo, 2026-01-01 +2026-06-30/,
  );
  await site.clock.advance(200 * dayMs);
  const overdue = await site.json("objectives", "show", "shop");
  expect(overdue.value.findings.map(({ kind }: { kind: string }) => kind)).toEqual(["objective-review-overdue"]);
  const change = await site.run(["objectives", "set", "shop", "--rto", "8h"], ["y"]);
  expect(change.err).toMatch(/\* +RTO +4 h 00 min +8 h 00 min\n +RPO +1 h 00 min +1 h 00 min\n/);
  expect(change.err).toContain("The signature of Bo of 2026-01-01 is under the old ones and ends.");
  expect((await site.json("objectives", "show", "shop")).value.objectives).toMatchObject({
    signOff: null,
    owner: "Ada",
  });
});

test("objectives take exceptions by scenario, and keep what is not given", async () => {
  await using site = await makeRecordSite(shop);
  await site.run([...set, "--keep-daily", "30", "--time-zone", "Europe/Berlin", "--yes"]);
  const more = ["--in", "stamp=8h/4h", "--borne", "site=there is one site", "--reason", "board"];
  const { value } = await site.json("objectives", "set", "shop", ...more, "--yes");
  expect(value.after).toMatchObject({
    rtoMs: 4 * 3_600_000,
    retention: { daily: 30, timeZone: "Europe/Berlin" },
    exceptions: { stamp: { rtoMs: 8 * 3_600_000, rpoMs: 4 * 3_600_000 }, site: { borne: "there is one site" } },
  });
});

test("none is entered with reason, owner, end and a timed redeployment, and withdrawn", async () => {
  await using site = await makeRecordSite(shop);
  const none = ["objectives", "none", "shop", "--reason", "a pipeline deploys it"];
  const whole = [...none, "--owner", "Ada", "--until", "2026-12-31", "--redeployed-in", "25m", "--redeployed-at", "2d"];
  expect((await site.run([...whole, "--yes"])).exitCode).toBe(0);
  const { value } = await site.json("objectives", "show", "shop");
  expect(value).toMatchObject({
    waiver: { owner: "Ada", expiresAtMs: Date.UTC(2026, 11, 31), isRedeployed: true },
    redeployments: [{ atMs: Date.UTC(2025, 11, 30), durationMs: 25 * 60_000, wasWithoutUplink: false }],
  });
  expect((await site.run([...none, "--withdraw", "--yes"])).exitCode).toBe(0);
  expect((await site.json("objectives", "show", "shop")).value.waiver).toBeNull();
});

test("contacts, accepted findings and notes of a recovery are kept and shown", async () => {
  await using site = await makeRecordSite(shop);
  const contact = ["objectives", "contact", "shop", "Bo Li", "--role", "database", "--reach", "+49 40 1"];
  await site.run([...contact, "--yes"]);
  const accept = ["objectives", "accept", "shop", "--finding", "one-fault-domain", "--reason", "one node"];
  await site.run([...accept, "--owner", "Ada", "--until", "90d", "--yes"]);
  const order = ["objectives", "recovery", "shop", "--depends-on", "dns", "--start", "db1", "--start", "web1, web2"];
  await site.run([...order, "--yes"]);
  await site.run(["objectives", "recovery", "shop", "--lies", "recovery kit=safe 2", "--yes"]);
  const { out } = await site.run(["objectives", "show", "shop"]);
  expect(out).toMatch(/accepted +one-fault-domain by Ada until 2026-04-01: one node\n/);
  expect(out).toMatch(/call +Bo Li \(database\): \+49 40 1\nafter +dns\nstart 1 +db1\nstart 2 +web1, web2\n/);
  expect(out).toMatch(/secret +recovery kit: safe 2\n/);
});

test("a finding that assess does not find is accepted with a hint, and one that it finds without", async () => {
  await using site = await makeRecordSite(shop);
  const accept = ["--reason", "r", "--owner", "Ada", "--until", "9d", "--plan-only"];
  const odd = await site.run(["objectives", "accept", "shop", "--finding", "singel-point", ...accept]);
  expect(odd.err).toContain("assess finds no singel-point in shop now. Did you mean single-point?");
  const known = await site.run(["objectives", "accept", "shop", "--finding", "single-point", ...accept]);
  expect(known.err).not.toContain("assess finds no");
});

test("a name that nobody knows is pointed out, with the nearest", async () => {
  await using site = await makeRecordSite(shop);
  const { err } = await site.run(["objectives", "set", "shpo", "--rto", "1h", "--rpo", "1h", "--plan-only"]);
  expect(err).toContain("No VM that is known has the tag application=shpo");
  expect(err).toContain("Did you mean shop?");
  const unknown = await site.json("objectives", "sign", "shop", "--by", "Ada");
  expect([unknown.exitCode, unknown.value.error.code]).toEqual([10, "cli.application.not-found"]);
});

test("a log that was changed from outside is told", async () => {
  await using site = await makeRecordSite(shop);
  await site.run([...set, "--yes"]);
  using database = new DatabaseSync(join(site.path, "catalog.db"));
  database.exec("update records set document = replace(document, 'Ada', 'Eve')");
  expect((await site.run(["objectives", "show"])).err).toContain(
    "application shop was changed from outside at its entry 1",
  );
  expect((await site.run(["objectives", "history", "shop"])).out).toContain("changed from outside at its entry 1");
});

test.each([
  ["cli.usage.objectives", ["set", "shop", "--rto", "4h"]],
  ["cli.usage.scenario", ["set", "shop", "--rto", "4h", "--rpo", "1h", "--borne", "moon=far"]],
  ["cli.usage.scenario", ["set", "shop", "--rto", "4h", "--rpo", "1h", "--in", "stamp=8h"]],
  ["cli.usage.none", ["none", "shop", "--reason", "x"]],
  ["cli.usage.none", ["none", "shop", "--reason", "x", "--owner", "A", "--until", "1d", "--without-uplink"]],
  ["cli.usage.none", ["none", "shop", "--reason", "x", "--owner", "A", "--withdraw"]],
  ["cli.usage.record", ["accept", "shop", "--finding", "f", "--reason", "x"]],
  ["cli.usage.record", ["contact", "shop", "Bo"]],
  ["cli.usage.record", ["recovery", "shop", "--lies", "kit"]],
  ["cli.usage.invalid", ["none", "shop", "--reason", "x", "--until", "soon"]],
])("exits 2 with %s for objectives %j", async (code, args) => {
  await using site = await makeRecordSite(shop);
  const refused = await site.json("objectives", ...args, "--yes");
  expect([refused.exitCode, refused.value.error.code]).toEqual([2, code]);
});
