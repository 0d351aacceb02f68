import { once } from "node:events";
import { expect, test } from "vitest";
import { makeCommandFolder } from "../testing/run-command.ts";
import type { CommandFolder } from "../testing/run-command.ts";

async function makeReady(folder: CommandFolder): Promise<readonly string[]> {
  const secret = await folder.write("secret", "s");
  const passphrase = await folder.write("pass", "correct horse");
  const arm = "https://management.east.ash.example";
  const add = ["stamp", "add", "east", "--arm", arm, "--tenant", "adfs", "--client-id", "c", "--secret-file", secret];
  expect((await folder.run(...add)).exitCode).toBe(0);
  const init = ["repo", "init", "data", "--passphrase-file", passphrase, "--recovery-kit", "kit"];
  expect((await folder.run(...init)).exitCode).toBe(0);
  return ["--passphrase-file", passphrase, "--json"];
}

/** Starts a backup and waits until both of its snapshots are under way: those of the fake stamp never end. */
async function startBackup(folder: CommandFolder, common: readonly string[]) {
  const started = folder.start("backup", "db1", ...common);
  if (started.child.stderr === null) throw new Error("the child has no error stream");
  for (let text = ""; text.split("making a snapshot").length < 3;) {
    const [chunk] = (await once(started.child.stderr, "data")) as [string];
    text += chunk;
  }
  return started;
}

test("a second backup of the same VM ends with 11 while the first one runs", async () => {
  await using folder = await makeCommandFolder();
  const common = await makeReady(folder);
  const { child, ended } = await startBackup(folder, common);
  const second = await folder.run("backup", "db1", ...common);
  child.kill("SIGINT");
  expect([second.exitCode, JSON.parse(second.stdout).error.code]).toEqual([11, "catalog.run.busy"]);
  expect((await ended).exitCode).toBe(130);
});

test("a killed backup is cleaned up by the next command, which says what it removed", async () => {
  await using folder = await makeCommandFolder();
  const common = await makeReady(folder);
  const { child, ended } = await startBackup(folder, common);
  child.kill("SIGKILL");
  await ended;
  const cleaned = await folder.run("janitor", "--json");
  expect(cleaned.exitCode).toBe(0);
  expect(JSON.parse(cleaned.stdout)).toEqual([{ stamp: "east", removed: 2, failed: [] }]);
  expect(cleaned.stderr).toMatch(/removed the snapshot .+ that a dead run left/);
  expect(JSON.parse((await folder.run("janitor", "--json")).stdout)).toEqual([
    { stamp: "east", removed: 0, failed: [] },
  ]);
});

test("backup explains a VM's name that two VMs have, and one that none has", async () => {
  await using folder = await makeCommandFolder();
  const common = await makeReady(folder);
  const ambiguous = await folder.run("backup", "web1", ...common);
  expect([ambiguous.exitCode, JSON.parse(ambiguous.stdout).error.code]).toEqual([2, "cli.vm.ambiguous"]);
  const unknown = await folder.run("backup", "db2", ...common);
  expect([unknown.exitCode, JSON.parse(unknown.stdout).error.advice]).toEqual([10, expect.stringContaining("db1")]);
  const running = await folder.run("backup", "app/web1", ...common);
  expect([running.exitCode, JSON.parse(running.stdout).error.advice]).toEqual([
    1,
    expect.stringContaining("--running-snapshot"),
  ]);
});
