import { expect, test } from "vitest";
import { makeRecordSite, taggedVm } from "../testing/make-record-site.ts";

const minuteMs = 60_000;
const shop = [taggedVm("web1", { application: "shop", rto: "4h", rpo: "1h" })];
const open = (...more: string[]) => ["incident", "open", "shop", "--scenario", "stamp", ...more];

test("an incident counts from the start of its disaster to the end, with its phases", async () => {
  await using site = await makeRecordSite(shop);
  const opened = await site.json(...open("--started-at", "20m"));
  expect(opened.value.id).toMatch(/^2026-01-01-[0-9a-f]{6}$/);
  await site.clock.advance(10 * minuteMs);
  await site.run(["incident", "declare", "shop", "--by", "Ada"]);
  await site.clock.advance(60 * minuteMs);
  const marked = await site.run(["incident", "mark", opened.value.id.slice(0, 14), "restored", "--at", "10m"]);
  expect(marked.out).toMatch(
    /took +1 h 30 min so far\n  detection +20 min 00 s\n  decision +10 min 00 s\n  restore +50 min/,
  );
  await site.run(["incident", "close", "shop", "--outcome", "recovered", "--at", "2026-01-01T01:10Z"]);
  expect((await site.json("incident", "list")).value).toMatchObject([
    { outcome: "recovered", recoveryTimeMs: 90 * minuteMs, phasesMs: { detection: 20 * minuteMs } },
  ]);
  const { out } = await site.run(["incident", "show", opened.value.id]);
  expect(out).toMatch(/NO +WHAT +HAPPENED +ENTERED +BY ACCOUNT\n1 +opened, stamp of shop +2026-01-01T00:00/);
  expect(out).toMatch(/3 +restored +2026-01-01T01:00:00.000Z +2026-01-01T01:10:00.000Z +root\n4 +closed, recovered/);
});

test("a second incident of an application is opened with a hint at the first", async () => {
  await using site = await makeRecordSite(shop);
  const first = await site.run(open("--started-at", "1h"));
  expect(first.err).not.toContain("open already");
  const second = await site.run(open("--started-at", "1h"));
  expect(second).toMatchObject({
    exitCode: 0,
    err: expect.stringMatching(/^Of shop there is open already: 2026-01-01-/),
  });
});

test.each([
  ["cli.incident.not-found", 10, ["incident", "close", "shpo", "--outcome", "recovered"]],
  ["cli.incident.ambiguous", 2, ["incident", "declare", "shop", "--by", "Ada"]],
  ["cli.usage.moment", 2, open("--started-at", "2026-02-01")],
  ["cli.usage.invalid", 2, ["incident", "open", "shop", "--scenario", "moon", "--started-at", "1h"]],
  ["cli.usage.invalid", 2, ["incident", "mark", "shop", "half-way"]],
  ["domain.incident.out-of-order", 1, open("--started-at", "1h", "--opened-at", "2h")],
])("%s with exit code %i for %j", async (code, exitCode, args) => {
  await using site = await makeRecordSite(shop);
  await site.run(open("--started-at", "1h"));
  await site.run(open("--started-at", "1h"));
  const refused = await site.json(...args);
  expect([refused.exitCode, refused.value.error.code]).toEqual([exitCode, code]);
  expect((await site.json("incident", "list", "--open")).value).toHaveLength(2);
});

/** Enters a recovery that took so many minutes. */
async function recover(
  site: Awaited<ReturnType<typeof makeRecordSite>>,
  kind: string,
  minutes: number,
  outcome = "recovered",
) {
  const opened = await site.json(...open("--started-at", `${minutes}m`, "--opened-at", `${minutes}m`, "--kind", kind));
  await site.run(["incident", "close", opened.value.id, "--outcome", outcome]);
}

test("mttr counts incidents, drills and proofs apart, and leaves false alarms out", async () => {
  await using site = await makeRecordSite(shop);
  expect((await site.run(["mttr"])).out).toMatch(/^No incident, drill or proof is on record/);
  for (const minutes of [60, 120, 210]) await recover(site, "incident", minutes);
  await recover(site, "incident", 2000, "false-alarm");
  await recover(site, "stamp-drill", 30);
  await recover(site, "loopback-proof", 1);
  const { exitCode, value } = await site.json("mttr");
  expect(exitCode).toBe(0);
  expect(value).toMatchObject([
    {
      application: "shop",
      rtoMs: 240 * minuteMs,
      findings: [],
      kinds: {
        incident: {
          recovery: { sampleSize: 3, meanMs: 130 * minuteMs, p50Ms: 120 * minuteMs, maxMs: 210 * minuteMs },
        },
        "stamp-drill": { recovery: { sampleSize: 1, meanMs: 30 * minuteMs } },
        "loopback-proof": { recovery: { sampleSize: 1, meanMs: minuteMs } },
      },
    },
  ]);
  expect((await site.run(["mttr", "shop"])).out).toMatch(
    /shop: RTO 4 h 00 min\n +N +MEAN.*\nincidents +3 +2 h 10 min +2 h 00 min +3 h 30 min +3 h 30 min\n  detection +3 +0 ms/,
  );
});

test("an MTTR above the RTO is an unacceptable disruption, and so says the exit code", async () => {
  await using site = await makeRecordSite(shop);
  await recover(site, "incident", 300);
  const { exitCode, out } = await site.run(["mttr"]);
  expect(exitCode).toBe(20);
  expect(out).toContain("the MTTR of incidents (1) is 5 h 00 min, and the RTO is 4 h 00 min");
  await site.run(["objectives", "set", "shop", "--rto", "6h", "--rpo", "1h", "--yes"]);
  expect((await site.run(["mttr"])).exitCode).toBe(0);
  await site.run(["objectives", "set", "shop", "--in", "stamp=2h/1h", "--yes"]);
  expect((await site.run(["mttr"])).exitCode).toBe(20);
});

test("an outage that lasts longer than the RTO is told while it lasts", async () => {
  await using site = await makeRecordSite(shop);
  await site.run(open("--started-at", "5h"));
  const { exitCode, value } = await site.json("mttr");
  expect([exitCode, value[0].findings[0].kind]).toEqual([20, "outage-over-rto"]);
});

test("assess takes recorded objectives before tags, says so, and marks what is accepted", async () => {
  const vms = [...shop, taggedVm("build1", { application: "builds", rto: "1d", rpo: "1d", owner: "Bo" })];
  await using site = await makeRecordSite(vms);
  await site.run(["objectives", "set", "shop", "--rto", "5m", "--rpo", "5m", "--owner", "Ada", "--yes"]);
  const none = [
    "none",
    "builds",
    "--reason",
    "redeployed",
    "--owner",
    "Cy",
    "--until",
    "30d",
    "--redeployed-in",
    "20m",
  ];
  await site.run(["objectives", ...none, "--yes"]);
  const accept = ["accept", "shop", "--finding", "objective-unsigned", "--reason", "next week", "--owner", "Ada"];
  await site.run(["objectives", ...accept, "--until", "7d", "--yes"]);
  await site.run(["objectives", "set", "ghost", "--rto", "1h", "--rpo", "1h", "--yes"]);
  const { value } = await site.json("assess");
  type Shown = Record<"application" | "objectivesFrom", string> & {
    isWaived: boolean;
    recommendation: { option: string };
    findings: { kind: string; severity: string; message: string }[];
  };
  const [builds, own] = value.applications.toSorted((a: Shown, b: Shown) => (a.application < b.application ? -1 : 1));
  expect(builds).toMatchObject({ objectivesFrom: "tags", isWaived: true, recommendation: { option: "none" } });
  expect(own).toMatchObject({ objectivesFrom: "recorded", recommendation: { option: "high-availability" } });
  const unsigned = own.findings.find(({ kind }: { kind: string }) => kind === "objective-unsigned");
  expect(unsigned).toMatchObject({
    severity: "notes",
    message: expect.stringContaining("accepted by Ada until 2026-01-08"),
  });
  const kinds = value.findings.map((one: { kind: string; subject: string }) => [one.kind, one.subject]);
  expect(kinds).toContainEqual(["record-without-vms", "ghost"]);
  expect((await site.run(["assess"])).out).toMatch(/shop +1 .* recorded\n/);
  await site.clock.advance(8 * 86_400_000);
  const later = (await site.json("assess")).value.applications.find((one: Shown) => one.application === "shop");
  expect(later.findings.map(({ kind }: { kind: string }) => kind)).toContain("acceptance-ended");
});
