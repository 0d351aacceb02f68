import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { makeRecordSite, taggedVm } from "../testing/make-record-site.ts";

const pdfToText = "/usr/bin/pdftotext";
const hostile = "<script>alert(1)</script> | `rm` \u202eevil\u0007 **b** [x](http://e) &amp; \"q\" 'z'";

/** A site with a shop that was signed and recovered too slowly, builds that are waived, and a VM of nobody. */
async function makeShop() {
  const site = await makeRecordSite([
    taggedVm("web1", { application: "shop", owner: "Ada" }),
    taggedVm("db1", { application: "shop" }),
    taggedVm("build1", { application: "builds", environment: "dev" }),
    taggedVm("odd", { application: hostile }),
    taggedVm("lone", {}),
  ]);
  const enter = async (...args: readonly string[]): Promise<void> => {
    const { exitCode, err } = await site.run(args);
    expect([exitCode, err]).toEqual([0, expect.anything()]);
  };
  const answers = ["--stoppage", "all-work", "--affected", "people-outside", "--reentry", "none", "--owner", "Ada"];
  await enter("objectives", "interview", "shop", ...answers, "--yes");
  await enter("objectives", "set", "shop", "--borne", `site=${hostile}`, "--yes");
  await enter("objectives", "sign", "shop", "--by", "Ada", "--yes");
  await enter("objectives", "contact", "shop", "Bo Łukasz 李", "--role", "database", "--reach", "+49 40 1", "--yes");
  await enter("objectives", "recovery", "shop", "--depends-on", "builds", "--start", "db1", "--start", "web1", "--yes");
  const none = ["--reason", "rebuilt at night", "--owner", "Cy", "--until", "90d", "--redeployed-in", "25m"];
  await enter("objectives", "none", "builds", ...none, "--yes");
  await enter("incident", "open", "shop", "--scenario", "stamp", "--started-at", "5h");
  await enter("incident", "close", "shop", "--outcome", "recovered");
  const write = async (name: string, ...more: readonly string[]) => {
    const path = join(site.path, name);
    const { exitCode, value } = await site.json("report", "plan", "--to", path, ...more);
    return { path, exitCode, value };
  };
  return Object.assign(site, { write });
}

test("the plan as Markdown is what it was", async () => {
  await using site = await makeShop();
  const { path, exitCode, value } = await site.write("plan.md", "--organisation", "Harbour Authority");
  expect([exitCode, value]).toMatchObject([0, { applications: 3, vms: 5, unclassified: 1 }]);
  // The identifier of an incident is random.
  const text = (await readFile(path, "utf8")).replaceAll(/2026-01-01-[0-9a-f]{6}/g, "2026-01-01-abcdef");
  await expect(text).toMatchFileSnapshot("testdata/plan.md.txt");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("the plan as a page escapes every text, needs nothing else, and can be read aloud", async () => {
  await using site = await makeShop();
  const { path } = await site.write("plan.html");
  const page = await readFile(path, "utf8");
  expect(page).not.toMatch(/<script|<img|<link|\bon\w+=|javascript:|src=|url\(|@import/i);
  expect(page).toContain(
    "&lt;script&gt;alert(1)&lt;/script&gt; | `rm` \ufffdevil\ufffd **b** [x](http://e) &amp;amp; &quot;q&quot; &#39;z&#39;",
  );
  expect(page.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
  expect(page).toContain('<html lang="en">');
  expect(page.match(/<h1/g)).toHaveLength(1);
  const levels = [...page.matchAll(/<h([1-4])/g)].map(([, level]) => Number(level));
  expect(levels.filter((level, i) => i > 0 && level > levels[i - 1]! + 1)).toEqual([]);
  const tables = page.match(/<table>/g)?.length ?? 0;
  expect(tables).toBeGreaterThan(10);
  for (const each of [/<caption>/g, /<thead><tr><th scope="col">/g]) expect(page.match(each)).toHaveLength(tables);
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
  expect(page).toContain("@media print");
  // The unclassified count is on the front: before the list of contents.
  expect(page.indexOf("Unclassified: 1 of 5 VMs")).toBeGreaterThan(0);
  expect(page.indexOf("Unclassified: 1 of 5 VMs")).toBeLessThan(page.indexOf("1 Scope</h2>"));
});

test.skipIf(!existsSync(pdfToText))("the plan as a PDF says the same, in letters of any country", async () => {
  await using site = await makeShop();
  const { path } = await site.write("plan.pdf");
  const { stdout } = await promisify(execFile)(pdfToText, ["-layout", path, "-"]);
  const words = stdout.replaceAll(/\s+/g, " ");
  expect(words).toContain("Unclassified: 1 of 5 VMs without an application");
  expect(words).toContain(
    "Unacceptable disruption: the MTTR of incidents (1) is 5 h 00 min, and the RTO is 1 h 00 min.",
  );
  expect(words).toContain("<script>alert(1)</script>");
  expect(words).toContain("Bo Łukasz");
  expect(words).toContain("rebuilt at night");
  expect(words).toContain("have not stand in it as boxes: U+674E. The page written as HTML has them.");
  expect(words).toMatch(/page 1 of \d+/);
  const bytes = (await readFile(path)).toString("latin1");
  expect(bytes).toMatch(/^%PDF-1\.7/);
  expect(bytes).toContain("/Lang (en)");
  expect(bytes).toContain("/MarkInfo");
  expect(bytes).not.toMatch(/\/(JavaScript|JS|URI|Launch|EmbeddedFile)\b/);
});

test.skipIf(!existsSync(pdfToText))("a table over several pages has its head on each, and loses no row", async () => {
  const names = Array.from({ length: 120 }, (_, i) => `server-${String(i).padStart(3, "0")}-${"x".repeat(i)}`);
  await using site = await makeRecordSite(names.map((name) => taggedVm(name, {})));
  const path = join(site.path, "plan.pdf");
  expect((await site.json("report", "plan", "--to", path)).exitCode).toBe(0);
  const { stdout } = await promisify(execFile)(pdfToText, ["-layout", path, "-"]);
  expect(names.filter((name) => !stdout.includes(name.slice(0, 11)))).toEqual([]);
  const pages = stdout.split("\f").filter((text) => text.includes("server-"));
  expect(pages.length).toBeGreaterThan(2);
  expect(pages.filter((text) => !/VM +Stamp/.test(text))).toEqual([]);
});

test("an organisation's template takes the plan under its own headings, and says what it leaves out", async () => {
  await using site = await makeShop();
  const template = join(site.path, "headings.md");
  const lines = [
    "# BC/DR file",
    "Of the board.",
    "## Systems",
    "{each application}",
    "### System {application}",
    "{findings}",
    "{end}",
  ];
  await writeFile(template, lines.join("\n"));
  const { path } = await site.write("plan.md", "--template", template);
  const text = await readFile(path, "utf8");
  expect(text).toMatch(/^# BC\/DR file\n\nState of 2026-01-01T00:00:00.000Z/);
  expect(text).toContain("> **Unclassified: 1 of 5 VMs");
  expect(text).toMatch(/Of the board\.\n\n## Systems\n\n### System .*evil.*\n\n\*\*Findings\*\*/);
  expect(text).toContain("The template of this plan leaves out: scope, unclassified, overview, order, findings");
});

test.each([
  ["## Part", "line 1 of the template: the first heading is not the title"],
  ["", "line 1 of the template: there is no title"],
  ["# T\n{sope}", "line 2 of the template: there is no section {sope} here"],
  ["# T\n\n### Deep", "line 3 of the template: the heading skips level 2"],
  ["# T\n# U", "line 2 of the template: there is a second title"],
  ["# T\n##### X", "line 2 of the template: a heading is deeper than four levels"],
  ["# T\n#Title", "line 2 of the template: the heading has no text"],
  ["# T\n{each application}\n{summary}", "line 2 of the template: the loop has no end"],
  ["# T\n{each application}\n{each application}", "line 3 of the template: there is a loop inside of a loop"],
  ["# T\n{end}", "line 2 of the template: nothing is to end here"],
  ["# T\n{summary}", "line 2 of the template: there is no section {summary} here"],
])("a template of %j is refused with its line", async (text, message) => {
  await using site = await makeRecordSite();
  await writeFile(join(site.path, "t.md"), text);
  const to = join(site.path, "plan.md");
  const { exitCode, value } = await site.json("report", "plan", "--to", to, "--template", join(site.path, "t.md"));
  expect([exitCode, value.error.code, value.error.message]).toEqual([1, "domain.template.invalid", message]);
  expect(existsSync(to)).toBe(false);
});

test("a report never overwrites a file unasked, and leaves nothing half", async () => {
  await using site = await makeShop();
  const first = await site.write("plan.md");
  await writeFile(first.path, "mine");
  const again = await site.write("plan.md");
  expect([again.exitCode, again.value.error.code]).toEqual([1, "cli.report.exists"]);
  expect(await readFile(first.path, "utf8")).toBe("mine");
  expect((await site.write("plan.md", "--force")).exitCode).toBe(0);
  expect((await site.write("none/plan.md")).value.error.code).toBe("cli.report.unwritten");
  expect((await site.write("plan.doc")).value.error.code).toBe("cli.usage.report");
  expect((await readdir(site.path)).filter((name) => name.includes(".part"))).toEqual([]);
});

test("the plan tells what an applied policy file says, and where it differs from what an owner signed", async () => {
  await using site = await makeShop();
  const policy = join(site.path, "policy.yaml");
  const lines = [
    "version: 1",
    "policies: { gold: { every: 15m, repository: main, keep: { daily: 7 } } }",
    "applications:",
    "  shop: { owner: Ada, select: [{ tag: application=shop }], policy: gold, rto: 2h, rpo: 30m }",
    "  lab: { owner: Bo, select: [{ name: lone }], policy: none, none: { why: a toy, owner: Bo, until: 2027-01-01 } }",
  ];
  await writeFile(policy, lines.join("\n"));
  expect((await site.run(["apply", "--file", policy, "--yes"])).exitCode).toBe(0);
  const { path, value } = await site.write("plan.md");
  expect(value).toMatchObject({ unclassified: 0 });
  const text = await readFile(path, "utf8");
  expect(text).toContain("> **Unclassified: 0 of 5 VMs.**");
  expect(text).toContain("- lab: no protection until 2027-01-01, decided by Bo: a toy");
  expect(text).toContain(
    "**Tolerated, recorded, and stricter where the policy file is**\n\n| Objective | Value |\n| --- | --- |\n| RTO | 1 h 00 min |\n| RPO | 30 min 00 s |",
  );
  expect(text).toMatch(
    /objectives-differ \| warns \| shop: the recorded RTO is 1 h 00 min and that of the policy file 2 h 00 min/,
  );
});

test("the template that is printed can be used as it is", async () => {
  await using site = await makeShop();
  const { out } = await site.run(["report", "template"]);
  await writeFile(join(site.path, "usual.md"), out);
  const [usual, own] = [await site.write("a.md"), await site.write("b.md", "--template", join(site.path, "usual.md"))];
  expect(await readFile(own.path, "utf8")).toBe(await readFile(usual.path, "utf8"));
  expect(await readFile(own.path, "utf8")).not.toContain("leaves out");
});
