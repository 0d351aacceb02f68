import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadInventories } from "../commands/vms.ts";
import { makeRecordSite, taggedVm } from "../testing/make-record-site.ts";
import { knownRecords } from "./known-records.ts";

const policies = `
version: 1
policies:
  gold: { every: 1h, repository: main, keep: { daily: 7 }, running-snapshots: { allowed-by: Kos, why: measured } }
applications:
  shop: { owner: Bo, select: [{ tag: application=shop }], policy: gold, rto: 4h, rpo: 2h }
`;

test("a policy's consent, a recorded owner, a redeployment and what runs before count together", async () => {
  await using site = await makeRecordSite([
    taggedVm("web1", { application: "shop", rto: "1m", rpo: "1m" }),
    taggedVm("dns1", { application: "dns", rto: "1h", rpo: "1h" }),
  ]);
  const file = join(site.path, "policy.yaml");
  await writeFile(file, policies);
  expect((await site.run(["apply", "--file", file, "--yes"])).exitCode).toBe(0);
  const none = ["--reason", "rebuilt", "--owner", "Ada", "--until", "30d", "--redeployed-in", "20m"];
  await site.run(["objectives", "none", "shop", ...none, "--yes"]);
  await site.run(["objectives", "recovery", "shop", "--depends-on", "dns", "--yes"]);
  await using catalog = await site.openCatalog();
  const inventories = await loadInventories(catalog);
  const known = await knownRecords(catalog, inventories, { tag: "application", nowMs: site.clock.now() });
  expect(Object.fromEntries(known.sources)).toEqual({ shop: "policy", dns: "tags" });
  expect(known.applications).toMatchObject([{ name: "shop", owner: "Ada", dependsOn: ["dns"] }, { name: "dns" }]);
  expect(known.records.get("shop")).toMatchObject({
    objectives: { rtoMs: 4 * 3_600_000 },
    waiver: { owner: "Ada" },
    facts: { allowsRunningSnapshots: true, state: "redeployable" },
    redeployments: [{ durationMs: 20 * 60_000 }],
  });
});
