import { createSystemHost, openCatalog } from "@holdfast/catalog";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createSystemClock } from "../system-clock.ts";
import { addTestPoint } from "../testing/add-test-point.ts";
import { makeVm } from "../testing/fake-services.ts";
import { makeCommandFolder } from "../testing/run-command.ts";

test("assess and size take what points measured, and a missed RPO is told by the exit code", async () => {
  await using folder = await makeCommandFolder("real");
  const key = ["--passphrase-file", await folder.write("pass", "correct horse")];
  const made = await folder.run(
    "repo",
    "init",
    "repo",
    "--name",
    "vault",
    ...key,
    "--recovery-kit",
    join(folder.path, "kit"),
  );
  expect(made.exitCode).toBe(0);
  const clock = createSystemClock();
  {
    const file = join(folder.path, "home", "catalog.db");
    await using catalog = await openCatalog({ file, clock, host: createSystemHost() });
    const vms = [{ ...makeVm("app", "web1", "stopped"), tags: { application: "shop", rto: "1d", rpo: "1h" } }];
    const parts = { availabilitySets: [], scaleSets: [], loadBalancers: [] };
    const stamp = { stampName: "east", subscriptionId: "s", location: "east", takenAtMs: clock.now() };
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
    await catalog.saveInventory({ ...stamp, vms, ...parts });
  }
  const assess = async (...options: readonly string[]) => {
    const { exitCode, stdout } = await folder.run("assess", "--measured", ...key, ...options, "--json");
    const [shop] = JSON.parse(stdout).achieved;
    const verdicts = shop.comparisons.map((one: { scenario: string; rpo: { verdict: string } }) => [
      one.scenario,
      one.rpo.verdict,
    ]);
    return { exitCode, verdicts: Object.fromEntries(verdicts) };
  };
  const none = { vm: "missed", disk: "missed", node: "missed", stamp: "missed", site: "missed", ransomware: "missed" };
  expect(await assess()).toEqual({ exitCode: 20, verdicts: none });
  const disk = randomBytes(1_000_000);
  await addTestPoint(join(folder.path, "repo"), "correct horse", {
    id: "p1",
    publishedAtMs: clock.now() - 60_000,
    disk,
  });
  const here = { ...none, vm: "met", disk: "met", node: "met", stamp: "met" };
  expect(await assess()).toEqual({ exitCode: 20, verdicts: here });
  // Nothing locks a folder, so an attacker takes its copies with him.
  const sites = ["--site", "east=harbour", "--site", "vault=hill"];
  expect(await assess(...sites)).toEqual({ exitCode: 20, verdicts: { ...here, site: "met" } });
  const text = await folder.run("assess", "--measured", ...key, "--site", "vualt=hill");
  expect(text.stderr).toContain("--site vualt=hill: no stamp or repository has this name\n");
  expect(text.stdout).toMatch(/\nstamp +1 h 00 min +1 min \d\d s +1 min \d\d s +met +unproven\n/);
  const size = JSON.parse((await folder.run("size", "--measured", ...key, "--json")).stdout);
  expect(size.firstFullBytes).toMatchObject({ value: 1_000_000, provenance: "measured" });
});
