import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWorld, digestLiveDisks, writePages } from "@holdfast/engine/testing";
import { expect, test } from "vitest";
import { runCli } from "../cli/run-cli.ts";
import type { Services } from "../composition/services.ts";
import { createFakeServices } from "../testing/fake-services.ts";
import { createFakeTerminal } from "../testing/fake-terminal.ts";

/** The command over the engine's fakes: one stamp called east with one VM, and a repository in memory. */
async function makeSite() {
  const path = await mkdtemp(join(tmpdir(), "holdfast-cli-"));
  const world = createWorld();
  const ignoreDispose = { [Symbol.asyncDispose]: async () => undefined };
  const services: Services = {
    ...createFakeServices({ HOLDFAST_HOME: join(path, "home"), HOLDFAST_PASSPHRASE_FILE: join(path, "pass") }),
    connectStamp: async () => Object.assign(world.stamp, ignoreDispose),
    createRepository: async ({ keepKit, passphrase }) => {
      await keepKit({ id: world.points.id, recoveryKit: passphrase, lastGroup: passphrase });
      return { id: world.points.id };
    },
    openRepository: async () => Object.assign(world.points, ignoreDispose),
  };
  await writeFile(join(path, "pass"), "correct horse", { mode: 0o600 });
  const run = async (args: readonly string[], answers: readonly string[] = []) => {
    const terminal = createFakeTerminal(answers);
    return { exitCode: await runCli(args, { terminal, services }), terminal };
  };
  const json = async (...args: readonly string[]) => JSON.parse((await run([...args, "--json"])).terminal.out());
  const arm = "https://management.east.ash.example";
  const secret = ["--secret-file", join(path, "pass")];
  await run(["stamp", "add", "east", "--arm", arm, "--tenant", "adfs", "--client-id", "c", ...secret]);
  await run(["repo", "init", join(path, "data"), "--recovery-kit", join(path, "kit")]);
  const disposal = { [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
  return { path, world, run, json, ...disposal };
}

test("backup captures a VM, then only its changes, and points lists both", async () => {
  await using site = await makeSite();
  const first = await site.run(["backup", "WEB1", "--running-snapshot"]);
  expect([first.exitCode, first.terminal.out()]).toEqual([0, expect.stringContaining("full, first-capture")]);
  writePages(site.world.stamp, site.world.vm, 3);
  const second = await site.run(["backup", "web1", "--running-snapshot"]);
  expect([second.exitCode, second.terminal.out()]).toEqual([0, expect.stringContaining("web1-disk0  changes: ")]);
  const points = await site.json("points", "web1");
  expect(points).toHaveLength(2);
  const unknown = await site.run(["points", "wbe1"]);
  expect([unknown.exitCode, unknown.terminal.err()]).toEqual([10, expect.stringContaining("Did you mean web1")]);
  expect((await site.run(["points"])).terminal.out()).toMatch(/POINT .+\n.+changes .+\n.+full /);
});

test("restore vm shows its plan, does nothing on a no, and restores on a yes", async () => {
  await using site = await makeSite();
  await site.run(["backup", "web1", "--running-snapshot"]);
  const restore = ["restore", "vm", "web1@latest", "--name", "web1-back", "--resource-group", "app"];
  const subnet = site.world.vm.nics[0]?.ipConfigurations[0]?.subnetId ?? "";
  const plan = await site.json(...restore, "--subnet", subnet, "--plan-only");
  expect(plan).toMatchObject({ vmName: "web1-back", resourceGroup: "app" });
  const declined = await site.run([...restore, "--subnet", subnet], ["n"]);
  expect([declined.exitCode, declined.terminal.err()]).toEqual([2, expect.stringContaining("cli.input.declined")]);
  expect(declined.terminal.err()).toContain("restore  ");
  const vms = async () => (await site.json("discover")).stamps[0].vms;
  expect(await vms()).toBe(1);
  const restored = await site.run([...restore, "--subnet", subnet], ["y"]);
  expect([restored.exitCode, restored.terminal.out()]).toEqual([
    0,
    expect.stringContaining("virtualMachines/web1-back"),
  ]);
  expect(await vms()).toBe(2);
});

test("points of a VM that is known and has none is an empty list", async () => {
  await using site = await makeSite();
  await site.run(["discover"]);
  expect(await site.json("points", "web1")).toEqual([]);
});

test("restore disk shows its checked plan and stops, or asks first", async () => {
  await using site = await makeSite();
  await site.run(["backup", "web1", "--running-snapshot"]);
  const words = ["restore", "disk", "web1@latest", "--disk", "lun0", "--resource-group", "app", "--name"];
  const before = site.world.stamp.listObjects();
  expect(await site.json(...words, "back", "--plan-only")).toMatchObject({ disk: { name: "back" }, findings: [] });
  const blocked = await site.run([...words, "web1 disk", "--plan-only"]);
  expect([blocked.exitCode, blocked.terminal.out()]).toEqual([1, expect.stringContaining("BLOCKS")]);
  const declined = await site.run([...words, "back"], ["n"]);
  expect([declined.exitCode, declined.terminal.err()]).toEqual([2, expect.stringContaining("lun 0")]);
  expect(site.world.stamp.listObjects()).toEqual(before);
  expect((await site.run([...words, "back"], ["y"])).exitCode).toBe(0);
});

test("restore disk makes a managed disk, and a blocked plan is refused with its reasons", async () => {
  await using site = await makeSite();
  await site.run(["backup", "web1", "--running-snapshot"]);
  const disk = [
    "restore",
    "disk",
    "web1@latest",
    "--disk",
    "lun0",
    "--name",
    "back",
    "--resource-group",
    "app",
    "--yes",
  ];
  expect(await site.json(...disk)).toMatchObject({ name: "back" });
  const again = await site.run(disk);
  expect([again.exitCode, again.terminal.err()]).toEqual([1, expect.stringContaining("engine.restore.refused")]);
});

test("export writes a disk that equals the live one, and never over another file", async () => {
  await using site = await makeSite();
  await site.run(["backup", "web1", "--running-snapshot"]);
  const to = join(site.path, "web1.raw");
  const wanted = ["export", "web1@latest", "--disk", "os", "--to", to];
  expect((await site.run(wanted)).exitCode).toBe(0);
  const digest = createHash("sha256")
    .update(await readFile(to))
    .digest("hex");
  expect(digest).toBe(digestLiveDisks(site.world.stamp, site.world.vm)[0]);
  expect((await site.run(wanted)).terminal.err()).toContain("engine.export.file-exists");
  const strange = await site.run(["export", "web1@latest", "--to", "web1.vmdk"]);
  expect([strange.exitCode, strange.terminal.err()]).toEqual([2, expect.stringContaining("cli.usage.format")]);
});

test("stamp probe prints a table and keeps it with the stamp", async () => {
  await using site = await makeSite();
  const probed = await site.run(["stamp", "probe", "east"]);
  expect([probed.exitCode, probed.terminal.out()]).toEqual([0, expect.stringContaining("incremental-snapshots  yes")]);
  expect((await site.json("stamp", "show", "east")).probe.capabilities.length).toBeGreaterThan(3);
  expect(await site.json("janitor")).toEqual([{ stamp: "east", removed: 0, failed: [] }]);
});
