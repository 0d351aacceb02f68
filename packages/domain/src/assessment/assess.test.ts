import { expect, test } from "vitest";
import type { Application } from "../applications/application.ts";
import type { VmConfiguration } from "../inventory/vm.ts";
import type { Objectives } from "../objectives/objectives.ts";
import type { Place } from "../objectives/scenario.ts";
import { makeTestDisk, makeTestInventory, makeTestVm, testArmId } from "../testing/make-vm.ts";
import { assess } from "./assess.ts";
import type { ApplicationRecord, AssessInput } from "./assess.ts";

const hourMs = 3_600_000;
const nowMs = 1000 * hourMs;
const objectives: Objectives = {
  rtoMs: 8 * hourMs,
  rpoMs: 4 * hourMs,
  retention: { daily: 7, timeZone: "UTC" },
  consistency: "crash",
  owner: "Ada",
  signOff: { by: "Ada", atMs: 0 },
  reviewByMs: nowMs + hourMs,
};
const application: Application = {
  name: "shop",
  owner: "Ada",
  priority: 1,
  selectors: [{ kind: "resource-group", name: "app" }],
  dependsOn: [],
};
const away: Place = { name: "away", stampName: null, siteName: "hill", isLocked: true };
const setId = testArmId("app", "Microsoft.Compute/availabilitySets", "as1");
const poolId = testArmId("app", "Microsoft.Network/loadBalancers", "lb1/backendAddressPools/pool");

function assessShop(
  vms: readonly VmConfiguration[],
  record: ApplicationRecord = { objectives },
  change: Partial<AssessInput> & { readonly inventory?: Parameters<typeof makeTestInventory>[1] } = {},
) {
  const assessment = assess({
    inventories: [makeTestInventory(vms, change.inventory)],
    applications: [application],
    records: new Map([["shop", record]]),
    targets: [away],
    siteOfStamp: new Map([["east", "harbour"]]),
    disconnectedStamps: new Set(),
    nowMs,
    ...change,
  });
  const [shop] = assessment.applications;
  if (shop === undefined) throw new Error("the test has one application");
  return { assessment, shop, kinds: shop.findings.map(({ kind }) => kind) };
}

const two = [makeTestVm("web1"), makeTestVm("web2")];

test.each([
  [8, 4, "backup-restore", true],
  [4, 1, "backup-restore", true],
  [1, 4, "replication-manual-failover", true],
  [8, 0.5, "replication-manual-failover", true],
  [0.25, 4, "high-availability", true],
  [0.01, 4, "high-availability", false],
] as const)(
  "an RTO of %s h and an RPO of %s h need %s; reached: %s",
  (rtoHours, rpoHours, option, reachesObjectives) => {
    const tolerated = { ...objectives, rtoMs: rtoHours * hourMs, rpoMs: rpoHours * hourMs };
    const { shop, kinds } = assessShop(two, { objectives: tolerated });
    expect(shop.recommendation).toMatchObject({ option, reachesObjectives });
    expect(kinds.includes("objectives-out-of-reach")).toBe(!reachesObjectives);
  },
);

test("a prediction outweighs what an option usually gives", () => {
  const measured = (value: number) => ({ value, provenance: "measured", source: "a test" }) as const;
  const reach = { "backup-restore": { rtoMs: measured(20 * hourMs), rpoMs: measured(0) } };
  const { shop } = assessShop(two, { objectives, reach });
  expect(shop.recommendation?.option).toBe("replication-manual-failover");
  expect(shop.recommendation?.reasons[0]).toMatch(
    /backup-restore does not: recovery time 20 h 00 min \(measured\) is over/,
  );
});

test("without objectives nothing is recommended, and that is a finding", () => {
  const { shop, kinds } = assessShop(two, {});
  expect(shop.recommendation).toBeNull();
  expect(kinds).toContain("application-without-objectives");
});

const waiver = { reason: "scratch", owner: "Ada", expiresAtMs: nowMs + hourMs };
const timed = { atMs: 0, durationMs: hourMs, wasWithoutUplink: false };
const tagged = (tags: Record<string, string>) => two.map((vm) => ({ ...vm, tags }));

test.each([
  ["none", { state: "stateless" }, {}, ["none-without-waiver"]],
  ["none", { State: "Stateless" }, { waiver }, []],
  ["none", { environment: "Dev-3" }, { waiver }, []],
  ["backup-restore", { environment: "prod" }, {}, []],
  ["backup-restore", { environment: "dev", state: "stateful" }, { waiver }, ["waiver-against-facts"]],
  ["backup-restore", { state: "redeployable" }, {}, ["redeployment-untimed"]],
  ["none", { state: "redeployable" }, { waiver, redeployments: [timed] }, []],
  [
    "backup-restore",
    { state: "redeployable" },
    { redeployments: [timed, { ...timed, atMs: 1, durationMs: 9 * hourMs }] },
    ["redeployment-too-slow"],
  ],
  ["none", { state: "stateless" }, { waiver: { ...waiver, expiresAtMs: nowMs } }, ["waiver-expired"]],
  ["none", { state: "stateless" }, { waiver: { ...waiver, reason: " " } }, ["waiver-incomplete"]],
] as const)("recommends %s for tags %j and record %j", (option, tags, record, expected) => {
  const { shop, kinds } = assessShop(tagged(tags), { objectives, ...record });
  expect(shop.recommendation?.option).toBe(option);
  expect(kinds.filter((kind) => /none|waiver|redeployment/.test(kind))).toEqual(expected);
});

test("a disconnected stamp needs a redeployment that was timed without the uplink", () => {
  const disconnectedStamps = new Set(["east"]);
  const record = (wasWithoutUplink: boolean) => ({ objectives, redeployments: [{ ...timed, wasWithoutUplink }] });
  const vms = tagged({ state: "redeployable" });
  expect(assessShop(vms, record(false), { disconnectedStamps }).kinds).toContain("redeployment-needs-uplink");
  expect(assessShop(vms, record(true), { disconnectedStamps }).shop.recommendation?.option).toBe("none");
});

const data = [makeTestDisk("os", null), makeTestDisk("data", 0)];
const key = `east ${testArmId("app", "Microsoft.Compute/virtualMachines", "vm1")}`.toLowerCase();
test.each([
  ["agent", {}, {}],
  ["agentless", {}, { allowsRunningSnapshots: true }],
  ["agent", { disks: data }, { allowsRunningSnapshots: true }],
  ["agentless", { disks: data, powerState: "deallocated" }, {}],
  ["agent", { powerState: "unknown" }, {}],
  ["agent", { powerState: "deallocated" }, { consistency: "file-system" }],
  ["agent", {}, { consistency: "application", allowsRunningSnapshots: true }],
  ["application-level", { availabilitySetId: setId }, {}],
  ["application-level", { availabilitySetId: setId, disks: data }, {}],
  ["not-captured", { availabilitySetId: setId, disks: data }, { state: "stateless" }],
  ["application-level", { availabilitySetId: setId }, { state: "stateful" }],
  ["agent", { availabilitySetId: setId }, { captureExceptions: new Map([[key, "domain controllers"]]) }],
  ["application-level", { scaleSetId: "vmss", disks: data }, { captureExceptions: new Map([[key, "please"]]) }],
] as const)("captures by %s a VM with %o and facts %o", (way, change, facts) => {
  const { shop, kinds } = assessShop([makeTestVm("vm1", change as Partial<VmConfiguration>)], { objectives, facts });
  expect(shop.captures.map((one) => one.way)).toEqual([way]);
  expect(shop.captures[0]?.reasons.length).toBeGreaterThan(0);
  // Stateless applications need no protection, so nothing is said of how.
  const isProtected = !("state" in facts && facts.state === "stateless");
  expect(kinds.includes("protect-at-application-level")).toBe(way === "application-level" && isProtected);
});

test("a pair of domain controllers is pointed out until a reason is recorded", () => {
  const vm = makeTestVm("vm1", { availabilitySetId: setId, tags: { role: "domain-controller" } });
  expect(assessShop([vm]).kinds).toContain("domain-controllers-in-set");
  const facts = { captureExceptions: new Map([[key, "a forest must come back alone"]]) };
  const { shop, kinds } = assessShop([vm], { objectives, facts });
  expect(kinds).not.toContain("domain-controllers-in-set");
  expect(shop.captures[0]?.reasons[0]).toMatch(/a forest must come back alone/);
});

const inPool = (name: string) =>
  makeTestVm(name, {
    availabilitySetId: setId,
    nics: [
      {
        id: name,
        name,
        isPrimary: true,
        macAddress: null,
        dnsServers: [],
        nsg: null,
        ipConfigurations: [
          {
            name: "ip",
            isPrimary: true,
            privateAddress: null,
            privateAllocation: "Dynamic",
            subnetId: "s",
            publicIp: null,
            loadBalancerPoolIds: [poolId.toUpperCase()],
          },
        ],
      },
    ],
  });
const set = (faultDomainCount: number, count: number) => ({
  id: setId.toUpperCase(),
  name: "as1",
  resourceGroup: "app",
  faultDomainCount,
  vmIds: ["web1", "web2"].slice(0, count),
});
const balancer = (hasProbe: boolean) => ({ id: "lb1", name: "lb1", resourceGroup: "app", poolIds: [poolId], hasProbe });

test.each([
  ["single-point", [makeTestVm("web1")], {}],
  ["nothing-keeps-apart", two, {}],
  ["single-point", [inPool("web1"), makeTestVm("web2")], { availabilitySets: [set(2, 1)] }],
  ["one-fault-domain", [inPool("web1"), inPool("web2")], { availabilitySets: [set(1, 2)] }],
  ["missing-probe", [inPool("web1"), inPool("web2")], { loadBalancers: [balancer(false)] }],
] as const)("finds %s", (kind, vms, inventory) => {
  expect(assessShop(vms, { objectives }, { inventory }).kinds).toContain(kind);
});

test("stand-ins in two fault domains behind a probe have no gap, and may be highly available", () => {
  const inventory = { availabilitySets: [set(2, 2)], loadBalancers: [balancer(true)] };
  const minutes = { ...objectives, rtoMs: 0.1 * hourMs };
  const { shop, kinds } = assessShop([inPool("web1"), inPool("web2")], { objectives: minutes }, { inventory });
  expect(new Set(kinds)).toEqual(new Set(["option-needs", "protect-at-application-level"]));
  expect(shop.recommendation?.needs).toEqual(["backup as well: high availability copies mistakes and attacks at once"]);
});

test.each([
  [[], ["no-target"]],
  [[away], []],
  [[{ ...away, stampName: "east" }], ["target-shares-fate-stamp", "target-shares-fate-site"]],
  [[{ ...away, siteName: "harbour" }], ["target-shares-fate-site"]],
  [[{ ...away, isLocked: false }], ["target-shares-fate-ransomware"]],
  [[{ ...away, isLocked: false, siteName: "harbour" }, away], []],
] as const)("of the targets %j says %j", (targets, expected) => {
  const { kinds } = assessShop(two, { objectives }, { targets });
  expect(kinds.filter((kind) => kind.includes("target"))).toEqual(expected);
});

test("counts what belongs to nothing, and names scale sets", () => {
  const lone = makeTestVm("lone", { resourceGroup: "other" });
  const scaleSets = [{ id: "ss1", name: "ss1", resourceGroup: "app", capacity: 5 }];
  const { assessment } = assessShop([...two, lone], { objectives }, { inventory: { scaleSets } });
  expect(assessment).toMatchObject({ vmCount: 3, unclassifiedCount: 1, unclassified: [{ name: "lone" }] });
  expect(assessment.findings.map(({ kind }) => kind)).toEqual(["scale-set-not-captured"]);
});

const assumed = (value: number) => ({ value, provenance: "assumed", source: "a test" }) as const;
const conditions = {
  rates: {
    captureRate: assumed(100_000_000),
    restoreRate: assumed(100_000_000),
    diskCap: assumed(145_000_000),
    slots: assumed(4),
    link: null,
    storedRatio: assumed(0.5),
  },
  usualIntervalMs: 4 * hourMs,
  shortestIntervalMs: 0.25 * hourMs,
  windowMs: null,
  publishMs: assumed(60_000),
  fixedPhases: [{ name: "decide", durationMs: assumed(0.5 * hourMs) }],
};
const loaded = (bytes: number, changed: number) => {
  const disks = [{ name: "os", role: "os", allocatedBytes: assumed(bytes) }] as const;
  const vmKeys = two.map(({ id }) => `east ${id}`.toLowerCase());
  return new Map(vmKeys.map((vmKey) => [vmKey, { vmKey, disks, changedBytesPerSecond: assumed(changed) }]));
};

test.each([
  [1, 1, 100e9, 1000, "backup-restore", []],
  [1, 0.5, 100e9, 1000, "backup-restore", []],
  [1, 0.25, 100e9, 1000, "replication-manual-failover", ["backup-misses-rpo"]],
  [1, 4, 900e9, 1000, "replication-manual-failover", ["backup-misses-rto"]],
  [8, 4, 100e9, 300e6, "replication-manual-failover", ["backup-misses-rpo"]],
] as const)(
  "with an RTO of %s h, an RPO of %s h, %s bytes and %s changing each second physics says %s %j",
  (...row) => {
    const [rtoHours, rpoHours, bytes, changed, option, expected] = row;
    const tolerated = { ...objectives, rtoMs: rtoHours * hourMs, rpoMs: rpoHours * hourMs };
    const physics = { loads: loaded(bytes, changed), conditions };
    const { shop, kinds } = assessShop(two, { objectives: tolerated }, { physics });
    expect(shop.recommendation?.option).toBe(option);
    expect(kinds.filter((kind) => kind.startsWith("backup-misses"))).toEqual(expected);
  },
);
