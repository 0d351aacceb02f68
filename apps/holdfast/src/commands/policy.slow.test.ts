import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeVm } from "../testing/fake-services.ts";
import { makeRecordSite, taggedVm } from "../testing/make-record-site.ts";

const hourMs = 3_600_000;
const stopped = (name: string, application: string) => ({ ...makeVm("app", name, "stopped"), tags: { application } });
const web = taggedVm("web1", { application: "site" });
const oneDisk = { ...web, disks: web.disks.slice(0, 1) };
const vms = [stopped("db1", "shop"), stopped("db2", "shop"), oneDisk, stopped("x", "")];

const file = `
version: 1
policies:
  gold: { every: 1h, repository: main, keep: { last: 24, daily: 7 } }
  silver: { every: 1d, repository: main, keep: { daily: 7 } }
applications:
  shop: # the money
    owner: Ada
    priority: 1
    select: [{ tag: application=shop }]
    policy: gold
    rto: 4h
    rpo: 2h
  site:
    owner: Bo
    select: [{ tag: application=site }]
    policy: none
    none: { why: redeployed, owner: Bo, until: 2027-01-01 }
`;

async function makePolicySite() {
  const site = await makeRecordSite(vms);
  const write = async (text: string): Promise<string> => {
    const path = join(site.path, "policy.yaml");
    await writeFile(path, text);
    return path;
  };
  return {
    ...site,
    write,
    applied: async (text: string) => await site.json("apply", "--file", await write(text), "--yes"),
  };
}

test("a plan says who is protected how, counts what is unclassified, tells by its exit code, and changes nothing", async () => {
  await using site = await makePolicySite();
  const path = await site.write(file);
  const { exitCode, value } = await site.json("plan", "--file", path);
  expect(exitCode).toBe(4);
  expect(value).toMatchObject({
    vmCount: 4,
    protectedCount: 2,
    unclassifiedCount: 1,
    isBlocked: false,
    needsConsent: [],
  });
  expect(
    value.changes.map((one: { kind: string; policy: string; key: string }) => [
      one.kind,
      one.policy,
      one.key.split("/").at(-1),
    ]),
  ).toEqual([
    ["protect", "gold", "db1"],
    ["protect", "gold", "db2"],
  ]);
  expect(value.leftOut).toMatchObject([{ application: "site", reason: "Bo has waived its protection: redeployed" }]);
  expect(value.predictions).toMatchObject([{ application: "shop", before: null }]);
  expect(value.predictions[0].after.lossMs.value).toBeGreaterThanOrEqual(hourMs);
  expect(value.waves).toHaveLength(1);
  expect((await site.json("policy", "show")).value).toBeNull();
  const { out } = await site.run(["plan", "--file", path]);
  expect(out).toContain("unclassified    1 of 4 VMs belong to no application");
  expect(out).toMatch(/app\/.*db1 +shop +protected by gold/i);
});

test("what was applied holds, with its comments, and planning it again changes nothing", async () => {
  await using site = await makePolicySite();
  expect(await site.applied(file)).toMatchObject({ exitCode: 0, value: { applied: { number: 1 } } });
  expect(await site.json("plan", "--file", await site.write(file))).toMatchObject({
    exitCode: 0,
    value: { isChange: false, changes: [] },
  });
  expect((await site.json("policy", "show")).value).toMatchObject({ number: 1, text: file, enteredBy: "root" });
  expect((await site.run(["policy", "show"])).out).toContain("# the money");
  const again = await site.run(["apply", "--file", await site.write(file)]);
  expect([again.exitCode, again.questions]).toEqual([0, []]);
  expect((await site.json("policy", "history")).value).toHaveLength(1);
});

test("a plan is applied by its digest, and by no other", async () => {
  await using site = await makePolicySite();
  const path = await site.write(file);
  const { digest } = (await site.json("plan", "--file", path)).value;
  const apply = ["apply", "--file", path, "--yes", "--plan"];
  expect((await site.json(...apply, "0123456789abcdef")).value.error.code).toBe("policy.plan.changed");
  expect((await site.json(...apply, digest.slice(0, 4))).value.error.code).toBe("policy.plan.changed");
  await using catalog = await site.openCatalog();
  // The world changes after the plan was shown: a VM of the application is gone.
  const inventory = (await catalog.loadInventory("east"))!;
  await catalog.saveInventory({ ...inventory, vms: inventory.vms.slice(1) });
  expect((await site.json(...apply, digest)).value.error.code).toBe("policy.plan.changed");
  await catalog.saveInventory(inventory);
  expect((await site.json(...apply, digest.slice(0, 8))).exitCode).toBe(0);
});

test("an application that would lose protection needs consent by its name", async () => {
  await using site = await makePolicySite();
  await site.applied(file);
  const waived = file.replace(
    "policy: gold\n    rto: 4h\n    rpo: 2h",
    "policy: none\n    none: { why: sold, owner: Ada, until: 2027-01-01 }",
  );
  const refused = await site.applied(waived);
  expect(refused.value.error).toMatchObject({ code: "policy.consent.missing" });
  expect((await site.json("policy", "history")).value).toHaveLength(1);
  const path = await site.write(waived);
  expect((await site.json("apply", "--file", path, "--yes", "--consent-unprotect", "site")).exitCode).not.toBe(0);
  const consented = await site.json("apply", "--file", path, "--yes", "--consent-unprotect", "shop");
  expect(consented).toMatchObject({ exitCode: 0, value: { protectedCount: 0, applied: { number: 2 } } });
  expect(consented.value.changes).toMatchObject([
    { kind: "unprotect", reason: "Ada has waived its protection: sold" },
    { kind: "unprotect" },
  ]);
});

test("captures that stop because leave for running snapshots is taken back need consent", async () => {
  await using site = await makePolicySite();
  const waived = "policy: none\n    none: { why: redeployed, owner: Bo, until: 2027-01-01 }";
  const silver = file.replace(waived, "policy: silver");
  const allowed = silver.replace("every: 1d,", "every: 1d, running-snapshots: { allowed-by: Bo, why: measured },");
  expect(await site.applied(allowed)).toMatchObject({ exitCode: 0, value: { protectedCount: 3 } });
  const path = await site.write(silver);
  const refused = await site.json("apply", "--file", path, "--yes");
  expect(refused.value.error).toMatchObject({ code: "policy.consent.missing", details: { applications: "site" } });
  expect((await site.json("policy", "history")).value).toHaveLength(1);
  expect((await site.run(["plan", "--file", path])).out).toContain("no longer captured: it needs the agent");
  const consented = await site.json("apply", "--file", path, "--yes", "--consent-unprotect", "site");
  expect(consented).toMatchObject({ exitCode: 0, value: { protectedCount: 2, applied: { number: 2 } } });
});

test("a change of policy shows loss before and after", async () => {
  await using site = await makePolicySite();
  await site.applied(file);
  const slower = file.replace("policy: gold", "policy: silver").replace("rpo: 2h", "rpo: 2d");
  const { value } = await site.json("plan", "--file", await site.write(slower));
  expect(value.changes).toMatchObject([
    { kind: "change-policy", from: "gold", policy: "silver" },
    { kind: "change-policy", from: "gold", policy: "silver" },
  ]);
  const [shop] = value.predictions;
  expect(shop.after.lossMs.value - shop.before.lossMs.value).toBeGreaterThan(22 * hourMs);
  expect(value.storedAfterAYear.before.value).toBeGreaterThan(0);
});

test.each([
  ["an interval that is not below the RPO", "rpo: 2h", "rpo: 1h", "policy-misses-rpo"],
  [
    "a policy that never opens",
    "keep: { last: 24, daily: 7 } }",
    "keep: { last: 24 }, blackouts: [{ from: 2020-01-01, to: 2099-01-01, why: no }] }",
    "window-never-opens",
  ],
  ["a policy that keeps nothing", "keep: { last: 24, daily: 7 } }", "keep: {} }", "policy-keeps-nothing"],
])("%s blocks the plan", async (_, good, bad, kind) => {
  await using site = await makePolicySite();
  const path = await site.write(file.replace(good, bad));
  const plan = await site.json("plan", "--file", path);
  expect(plan.exitCode).toBe(1);
  expect(
    plan.value.findings
      .filter((one: { severity: string }) => one.severity === "blocks")
      .map((one: { kind: string }) => one.kind),
  ).toEqual([kind]);
  expect((await site.json("apply", "--file", path, "--yes")).value.error.code).toBe("policy.plan.blocked");
  expect((await site.json("policy", "history")).value).toEqual([]);
});

test("a window that is closed for longer than the RPO, or shorter than its work, is told with what would help", async () => {
  await using site = await makePolicySite();
  const windowed = (from: string, to: string) =>
    file.replace("keep: { last: 24, daily: 7 } }", `keep: { last: 24 }, windows: [{ from: "${from}", to: "${to}" }] }`);
  const plan = async (text: string, ...options: readonly string[]) => {
    const { exitCode, value } = await site.json("plan", "--file", await site.write(text), ...options);
    const found = value.findings.filter((one: { kind: string }) => one.kind === "policy-misses-rpo-by-reckoning");
    return { exitCode, found };
  };
  const night = await plan(windowed("22:00", "05:30"));
  expect(night).toMatchObject({ exitCode: 1, found: [{ severity: "blocks", subject: "shop" }] });
  expect(night.found[0].advice).toContain("the window is closed for longer than the RPO allows");
  const short = await plan(windowed("22:00", "22:01").replace("rpo: 2h", "rpo: 3d"), "--change", "90");
  expect(short).toMatchObject({ exitCode: 4, found: [{ severity: "warns", subject: "shop" }] });
  expect(short.found[0].message).toContain("more changes than can be captured and sent");
  expect(short.found[0].advice).toMatch(/a window of .* a day or longer/);
});

test("applications that overlap, a tag that no VM has and a cycle of dependencies are told in the plan", async () => {
  await using site = await makePolicySite();
  const more = `
  till:
    owner: Ada
    priority: 1
    select: [{ vms: [app/db1] }, { tag: aplication=till }]
    policy: silver
    depends-on: [shop]
`;
  const text = file.replace("policy: gold\n", "policy: gold\n    depends-on: [till]\n") + more;
  const { exitCode, value } = await site.json("plan", "--file", await site.write(text));
  expect(exitCode).toBe(4);
  expect(value.findings.map((one: { kind: string; subject: string }) => [one.kind, one.subject])).toEqual(
    expect.arrayContaining([
      ["applications-overlap", "east app/db1"],
      ["selector-takes-nothing", "till"],
      ["dependency-cycle", "shop"],
    ]),
  );
});

test("a running VM needs leave for its snapshots, and without it is told of as needing the agent", async () => {
  await using site = await makePolicySite();
  const runs = file.replace(
    "policy: none\n    none: { why: redeployed, owner: Bo, until: 2027-01-01 }",
    "policy: silver",
  );
  const agent = await site.json("plan", "--file", await site.write(runs));
  expect(agent.value.findings).toContainEqual(expect.objectContaining({ kind: "way-not-available", subject: "site" }));
  const allowed = runs.replace("every: 1d,", "every: 1d, running-snapshots: { allowed-by: Bo, why: measured },");
  const agentless = await site.json("plan", "--file", await site.write(allowed));
  expect(agentless.value.findings.map((one: { kind: string }) => one.kind)).not.toContain("way-not-available");
});

test("a stricter objective that an owner entered holds, and the difference is told", async () => {
  await using site = await makePolicySite();
  await site.run(["objectives", "set", "shop", "--rto", "4h", "--rpo", "1h", "--owner", "Ada", "--yes"]);
  const { value } = await site.json("plan", "--file", await site.write(file));
  const kinds = value.findings.map((one: { kind: string }) => one.kind);
  expect(kinds).toContain("objectives-differ");
  expect(kinds).toContain("policy-misses-rpo-by-reckoning");
});

test("a file that is not there, or wrong, is refused with its place", async () => {
  await using site = await makePolicySite();
  expect((await site.json("plan", "--file", join(site.path, "none.yaml"))).value.error.code).toBe("cli.usage.file");
  const wrong = await site.json("plan", "--file", await site.write(file.replace("every: 1h", "evry: 1h")));
  expect(wrong.value.error).toMatchObject({ code: "policy.file.invalid", details: { line: 4, problemCount: 2 } });
});

test("two people who apply at the same time do not overwrite each other", async () => {
  await using site = await makePolicySite();
  await using catalog = await site.openCatalog();
  await catalog.applyPolicies({ fileName: "a.yaml", text: file }, 0, "ada");
  await expect(catalog.applyPolicies({ fileName: "b.yaml", text: file }, 0, "bo")).rejects.toMatchObject({
    code: "catalog.policies.changed",
  });
  expect((await catalog.listPolicies()).map(({ enteredBy }) => enteredBy)).toEqual(["ada"]);
  expect(await catalog.findBrokenRecords()).toEqual([]);
});

test("an assessment takes applications and objectives from the policies that hold, and tags where they are silent", async () => {
  await using site = await makePolicySite();
  await site.applied(file.replace("tag: application=shop", "vms: [app/db1]"));
  await using catalog = await site.openCatalog();
  const inventory = (await catalog.loadInventory("east"))!;
  const other = stopped("other", "third");
  await catalog.saveInventory({ ...inventory, vms: [...inventory.vms, other] });
  const { value } = await site.json("assess");
  const found = value.applications.map(
    (one: { application: string; objectivesFrom: string | null; vmCount: number }) => [
      one.application,
      one.objectivesFrom,
    ],
  );
  expect(found).toEqual([
    ["shop", "policy"],
    ["site", null],
    ["third", null],
  ]);
  // db2 is tagged as part of the shop, but the file says what belongs to the shop.
  expect(value.unclassifiedCount).toBe(2);
});

test("the status is that of the newest points: without any it is breached once the RPO is over", async () => {
  await using site = await makePolicySite();
  expect((await site.json("status")).value.error.code).toBe("serve.policies.missing");
  await site.applied(file);
  const fresh = await site.json("status");
  expect(fresh).toMatchObject({
    exitCode: 0,
    value: { unclassifiedCount: 1, applications: [{ application: "shop", status: "unproven" }] },
  });
  await site.clock.advance(3 * hourMs);
  const late = await site.run(["status"]);
  expect(late.exitCode).toBe(20);
  expect(late.out).toMatch(
    /shop +breached .*db1 +none +all of 2 h 00 min +a capture is due since 3 h 00 min and has not begun/i,
  );
  expect(late.out).toContain("left out: 1 VM: Bo has waived its protection: redeployed");
});

test("sizing takes the order of waves from the policies that hold, and says so; before, from tags", async () => {
  await using site = await makePolicySite();
  const first = async () => {
    const { value } = await site.json("size", "--wave-vms", "1");
    const order = value.waves.map(({ vmKeys }: { vmKeys: string[] }) => vmKeys[0]!.split("/").at(-1));
    return { order, from: value.applicationsFrom };
  };
  // Tags name a shop and a site, neither with a priority; x belongs to nothing, and comes last.
  expect(await first()).toMatchObject({ from: { policies: 0, tags: 2 } });
  expect((await first()).order.at(-1)).toBe("x");
  const siteFirst = file.replace("priority: 1", "priority: 3").replace("owner: Bo\n", "owner: Bo\n    priority: 1\n");
  await site.applied(siteFirst);
  expect(await first()).toEqual({ order: ["web1", "db1", "db2", "x"], from: { policies: 2, tags: 0 } });
  expect((await site.run(["size"])).err).toContain("priorities: of 2 applications from the applied policies");
});
