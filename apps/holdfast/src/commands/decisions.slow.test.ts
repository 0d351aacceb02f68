import { createSystemHost, openCatalog } from "@holdfast/catalog";
import type { Inventory } from "@holdfast/domain";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createSystemClock } from "../system-clock.ts";
import { makeVm } from "../testing/fake-services.ts";
import { makeCommandFolder } from "../testing/run-command.ts";
import type { CommandFolder } from "../testing/run-command.ts";

const setId = "/subscriptions/s/resourceGroups/app/providers/Microsoft.Compute/availabilitySets/as1";
const tagged = (name: string, tags: Record<string, string>) => ({ ...makeVm("app", name, "running"), tags });

/** Puts an inventory and a repository into the catalog, as `discover` and `repo add` would. */
async function fillCatalog(folder: CommandFolder, location = "/mnt/backup"): Promise<void> {
  const inventory: Inventory = {
    stampName: "east",
    subscriptionId: "s",
    location: "east",
    takenAtMs: Date.UTC(2026, 0, 1),
    vms: [
      { ...tagged("web1", { Application: "shop", rto: "4h", rpo: "1h", owner: "Ada" }), availabilitySetId: setId },
      { ...tagged("web2", { application: "shop", rto: "8h", rpo: "soon" }), availabilitySetId: setId },
      tagged("build1", { application: "builds", environment: "dev" }),
      makeVm("lab", "lone", "stopped"),
    ],
    availabilitySets: [{ id: setId, name: "as1", resourceGroup: "app", faultDomainCount: 1, vmIds: ["web1", "web2"] }],
    scaleSets: [],
    loadBalancers: [],
  };
  const file = join(folder.path, "home", "catalog.db");
  await using catalog = await openCatalog({ file, clock: createSystemClock(), host: createSystemHost() });
  await catalog.saveStamp({
    name: "east",
    armEndpoint: "https://management.east.ash.example",
    tenant: "adfs",
    clientId: "c1",
    credential: { kind: "secret-file", path: "/none" },
    caFile: null,
    subscriptionId: null,
    resolve: {},
  });
  await catalog.saveInventory(inventory);
  await catalog.saveRepository({ name: "main", id: "r1", location, isDefault: true });
}

test("assess recommends an option for each application from tags, and counts what belongs to none", async () => {
  await using folder = await makeCommandFolder();
  await fillCatalog(folder);
  const json = await folder.run("assess", "--rto", "1d", "--rpo", "1d", "--json");
  expect(json.exitCode).toBe(0);
  const { vmCount, unclassifiedCount, applications, findings } = JSON.parse(json.stdout);
  expect([vmCount, unclassifiedCount]).toEqual([4, 1]);
  const shown = applications.map((one: (typeof applications)[number]) => [one.application, one.recommendation.option]);
  expect(shown).toEqual([
    ["builds", "none"],
    ["shop", "backup-restore"],
  ]);
  const kinds = applications[1].findings.map((one: { kind: string }) => one.kind);
  expect(kinds).toEqual(
    expect.arrayContaining(["objective-unsigned", "one-fault-domain", "protect-at-application-level"]),
  );
  expect(findings.map((one: { kind: string }) => one.kind)).toEqual([
    "tag-not-understood",
    "application-without-owner",
  ]);
  const text = await folder.run("assess");
  expect(text.stdout).toMatch(/^4 VMs in 2 applications. Unclassified: 1.\n/);
  expect(text.stdout).toMatch(/shop +2 +backup-restore +yes +2 application-level +tags\n/);
  expect(text.stdout).toMatch(/builds: none\n  it is for development\n/);
  expect(text.stdout).toMatch(/UNCLASSIFIED\neast +lone\n$/);
});

test.each([
  ["/mnt/backup", [], ["target-shares-fate-site"]],
  ["/mnt/backup", ["--site", "east=harbour", "--site", "MAIN=hill"], []],
  ["/mnt/backup", ["--site", "east=harbour", "--site", "main=harbour"], ["target-shares-fate-site"]],
  [
    "https://acct.blob.east.ash.example/points",
    ["--site", "east=harbour", "--site", "main=hill"],
    ["target-shares-fate-stamp", "target-shares-fate-site"],
  ],
] as const)("assess knows of a repository at %s with %j: %j", async (location, options, expected) => {
  await using folder = await makeCommandFolder();
  await fillCatalog(folder, location);
  const { applications } = JSON.parse((await folder.run("assess", ...options, "--json")).stdout);
  const kinds = applications[1].findings.map((one: { kind: string }) => one.kind);
  // Nobody has asked the store whether it is locked.
  expect(kinds.filter((kind: string) => kind.includes("fate"))).toEqual([...expected, "target-shares-fate-ransomware"]);
});

test("assess reckons with the link, and figures that nobody measured only warn", async () => {
  await using folder = await makeCommandFolder();
  await fillCatalog(folder);
  const { stdout } = await folder.run("assess", "--link-mbit", "1", "--json");
  const shop = JSON.parse(stdout).applications[1];
  expect(shop.recommendation.option).toBe("replication-manual-failover");
  expect(shop.findings).toContainEqual(
    expect.objectContaining({
      kind: "backup-misses-rto",
      severity: "warns",
      message: expect.stringMatching(/does not reach the RTO of 4 h 00 min: 38 h \d+ min predicted: .* \(assumed\)$/),
      advice: expect.stringMatching(/^It would by: replicate: .* a link of 1\.4 MiB\/s, or a copy of the points/),
    }),
  );
});

test("size shows each figure with how it is known", async () => {
  await using folder = await makeCommandFolder();
  await fillCatalog(folder);
  const { exitCode, stdout } = await folder.run(
    "size",
    "--link",
    "vpn-standard",
    "--nodes",
    "4",
    "--node-memory",
    "384",
  );
  expect(exitCode).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "VMs            4
    first full     64.0 GiB (assumed)
    takes          45 min 49 s (assumed), in 1 wave
    after a year   346 GiB in 20 points of each VM (assumed)
    target needs   4 VMs, unknown cores, 0 NICs
                   64 GiB standard and 0 GiB premium disks
    one node lost  not known: the sizes of the VMs are not; name a stamp by --target

    notes: target: cores and memory are not known of Standard_DS2_v2
      next: Ask the target stamp for the sizes that it offers.
    "
  `);
  const json = await folder.run("size", "--wave-vms", "1", "--keep-last", "2", "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({
    vmCount: 4,
    firstFullBytes: { value: 64 * 1024 ** 3, provenance: "assumed" },
    waves: [{}, {}, {}, {}],
    afterAYear: { pointCount: 2 },
    nodes: null,
  });
});

test("assess and size say what to do while nothing is known", async () => {
  await using folder = await makeCommandFolder();
  for (const command of ["assess", "size"])
    expect(await folder.run(command)).toMatchObject({
      exitCode: 0,
      stdout: "No VM is known. Run `holdfast discover` first.\n",
    });
});

test.each([
  [2, "cli.usage.invalid", ["assess", "--site", "east"]],
  [2, "cli.usage.invalid", ["size", "--slots", "0"]],
  [2, "cli.usage.invalid", ["size", "--every", "1m"]],
  [1, "cli.retention.invalid", ["size", "--keep-daily", "0"]],
  [10, "cli.stamp.not-found", ["size", "--target", "mars"]],
] as const)("exits %i with %s for %j", async (exitCode, code, args) => {
  await using folder = await makeCommandFolder();
  await fillCatalog(folder);
  const refused = await folder.run(...args, "--json");
  expect([refused.exitCode, JSON.parse(refused.stdout).error.code]).toEqual([exitCode, code]);
});
