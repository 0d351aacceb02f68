import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeCommandFolder } from "../testing/run-command.ts";
import type { CommandFolder } from "../testing/run-command.ts";

async function addStamp(folder: CommandFolder, name: string, secret = "s3cret-value"): Promise<readonly string[]> {
  const file = await folder.write(`${name}.secret`, secret);
  const arm = `https://management.${name}.ash.example`;
  return ["stamp", "add", name, "--arm", arm, "--tenant", "adfs", "--client-id", "c1", "--secret-file", file];
}

test("stamp add saves a stamp that answered, and keeps the path of its secret only", async () => {
  await using folder = await makeCommandFolder();
  const added = await folder.run(...(await addStamp(folder, "east")), "--resolve", "*.East.ash.example=127.0.0.1");
  expect(added).toMatchObject({ exitCode: 0 });
  const shown = await folder.run("stamp", "show", "east", "--json");
  expect(JSON.parse(shown.stdout)).toMatchObject({
    name: "east",
    credential: { kind: "secret-file", path: join(folder.path, "east.secret") },
    resolve: { "*.east.ash.example": "127.0.0.1" },
  });
  const catalog = await readFile(join(folder.path, "home", "catalog.db"), "latin1");
  const journal = await readFile(join(folder.path, "home", "catalog.db-wal"), "latin1").catch(() => "");
  expect(catalog + journal + folder.printed()).not.toContain("s3cret-value");
});

test("stamp add saves nothing when the sign-in is refused, exits 12 and shows no secret", async () => {
  await using folder = await makeCommandFolder();
  const refused = await folder.run(...(await addStamp(folder, "east", "wrong")), "--json");
  expect(refused.exitCode).toBe(12);
  expect(JSON.parse(refused.stdout)).toMatchObject({
    error: { code: "stackhub.identity.secret-refused", exitCode: 12, isRetryable: false },
  });
  expect(folder.printed()).not.toMatch(/sig=wrong/);
  expect(JSON.parse((await folder.run("stamp", "list", "--json")).stdout)).toEqual([]);
});

test.each([
  [2, "cli.usage.invalid", ["stamp", "add", "east"]],
  [2, "cli.usage.invalid", ["vsm"]],
  [2, "cli.usage.invalid", ["completion", "csh"]],
  [10, "cli.stamp.not-found", ["stamp", "show", "east"]],
  [10, "cli.repository.not-found", ["points"]],
  [10, "cli.code.not-found", ["errors", "catalog.run.bussy"]],
] as const)("exits %i with %s for %j", async (exitCode, code, args) => {
  await using folder = await makeCommandFolder();
  const json = await folder.run(...args, "--json");
  expect(json.exitCode).toBe(exitCode);
  if (args[0] !== "completion") expect(JSON.parse(json.stdout)).toMatchObject({ error: { code, exitCode } });
  const text = await folder.run(...args);
  expect(text.exitCode).toBe(exitCode);
  expect(text.stdout).toBe("");
  expect(text.stderr).toMatch(new RegExp(`^error ${code}: .+\n(  because: .+\n)*  next: .+\n$`));
});

test("discover stores an inventory that vms lists", async () => {
  await using folder = await makeCommandFolder();
  await folder.run(...(await addStamp(folder, "east")));
  expect(JSON.parse((await folder.run("discover", "--json")).stdout)).toEqual({
    stamps: [{ stamp: "east", location: "east", vms: 3, disks: 6 }],
    failed: [],
  });
  const { stdout } = await folder.run("vms");
  expect(stdout).toMatchInlineSnapshot(`
    "STAMP  GROUP/NAME  POWER        SIZE             DISKS        AVAILABILITY  TAGS
    east   app/web1    running      Standard_DS2_v2  2, 16.0 GiB                owner=payroll
    east   lab/web1    stopped      Standard_DS2_v2  2, 16.0 GiB                owner=payroll
    east   app/db1     deallocated  Standard_DS2_v2  2, 16.0 GiB                owner=payroll
    "
  `);
});

test("the first Ctrl-C ends a command cleanly with 130", async () => {
  await using folder = await makeCommandFolder();
  await folder.run(...(await addStamp(folder, "slow")));
  const { child, ended } = folder.start("discover", "slow", "--json");
  if (child.stderr === null) throw new Error("the child has no error stream");
  await once(child.stderr, "data");
  child.kill("SIGINT");
  const result = await ended;
  expect(result.exitCode).toBe(130);
  expect(JSON.parse(result.stdout)).toMatchObject({ error: { code: "cli.run.interrupted", exitCode: 130 } });
});

test("repo init writes the kit to a new private file, and makes nothing where it cannot", async () => {
  await using folder = await makeCommandFolder();
  const passphrase = await folder.write("pass", "correct horse\n");
  const init = ["repo", "init", "data", "--passphrase-file", passphrase, "--json"];
  const unkept = await folder.run(...init);
  expect([unkept.exitCode, JSON.parse(unkept.stdout).error.code]).toEqual([2, "cli.input.needed"]);
  await folder.write("old-kit", "an older kit");
  const taken = await folder.run(...init, "--recovery-kit", "old-kit");
  expect([taken.exitCode, JSON.parse(taken.stdout).error.code]).toEqual([1, "cli.kit.unwritten"]);
  expect(await readFile(join(folder.path, "old-kit"), "utf8")).toBe("an older kit");
  expect(JSON.parse((await folder.run("repo", "info", "--json")).stdout)).toEqual([]);
  expect((await folder.run(...init, "--recovery-kit", "kit")).exitCode).toBe(0);
  expect((await stat(join(folder.path, "kit"))).mode & 0o777).toBe(0o600);
  expect(folder.printed()).not.toMatch(/correct horse|abcd-efgh/);
});

test("check exits 21 on damage, and a wrong passphrase 12", async () => {
  await using folder = await makeCommandFolder();
  const right = await folder.write("pass", "correct horse");
  const wrong = await folder.write("wrong", "incorrect horse");
  await folder.run("repo", "init", "data", "--passphrase-file", right, "--recovery-kit", "kit");
  const damaged = await folder.run("check", "--passphrase-file", right, "--json");
  expect(damaged.exitCode).toBe(21);
  expect(JSON.parse(damaged.stdout).findings).toHaveLength(1);
  const refused = await folder.run("points", "--passphrase-file", wrong);
  expect(refused.exitCode).toBe(12);
  expect(refused.stderr).toContain("repository.passphrase.wrong");
  const unasked = await folder.run("points");
  expect([unasked.exitCode, unasked.stderr.split(":")[0]]).toEqual([2, "error cli.passphrase.missing"]);
  expect(folder.printed()).not.toContain("horse");
});

test("repo info of one repository tells how its store locks, as read back", async () => {
  await using folder = await makeCommandFolder();
  const pass = await folder.write("pass", "correct horse");
  const kit = ["--passphrase-file", pass, "--recovery-kit", join(folder.path, "kit")];
  await folder.run("repo", "init", "s3://backups?lock=compliance&lock-days=30", ...kit);
  const shown = await folder.run("repo", "info", "default");
  expect(shown.stdout).toContain("asked for     compliance, 30 days");
  expect(shown.stdout).toContain("read back     points/p1: compliance until 2026-01-31T00:00:00.000Z");
  expect(shown.stdout).toContain("NOT exclusive");
  const json = JSON.parse((await folder.run("repo", "info", "default", "--json")).stdout);
  expect(json.store.objectLock.wanted).toEqual({ mode: "compliance", days: 30 });
  expect((await folder.run("repo", "info", "other")).exitCode).toBe(10);
});

test("discover exits 3 where one of two stamps fails, and keeps what the other answered", async () => {
  await using folder = await makeCommandFolder();
  await folder.run(...(await addStamp(folder, "east")));
  await folder.run(...(await addStamp(folder, "west")));
  await folder.write("west.secret", "wrong");
  const result = await folder.run("discover", "--json");
  expect(result.exitCode).toBe(3);
  expect(JSON.parse(result.stdout)).toMatchObject({
    stamps: [{ stamp: "east", vms: 3 }],
    failed: [{ code: "stackhub.identity.secret-refused", details: { stamp: "west" } }],
  });
});

test.each([
  ["a kit", "HOLDFAST RECOVERY KIT\n\nRepository: 1\nCode:       AAAA-BBBB\n\nKeep it.\n"],
  ["a kit typed again", "recovery kit\r\n  code: AAAA-BBBB  \r\n"],
  ["the code alone", "AAAA-BBBB\n"],
])("%s opens the repository instead of the passphrase", async (_, text) => {
  await using folder = await makeCommandFolder();
  const pass = await folder.write("pass", "correct horse");
  await folder.run("repo", "init", "data", "--passphrase-file", pass, "--recovery-kit", "kit");
  const file = await folder.write("code", text);
  expect(await folder.run("points", "--recovery-code-file", file)).toMatchObject({ exitCode: 0 });
  const unasked = await folder.run("points", "--recovery-code");
  expect([unasked.exitCode, unasked.stderr.split(":")[0]]).toEqual([2, "error cli.input.needed"]);
});

test("repo validate judges a folder, leaves nothing in it, and refuses one that is not there", async () => {
  await using folder = await makeCommandFolder();
  const judged = await folder.run("repo", "validate", folder.path, "--json");
  expect(judged.exitCode).toBe(0);
  expect(JSON.parse(judged.stdout)).toMatchObject({ verdict: "sound", leftCount: 0, location: folder.path });
  const missing = await folder.run("repo", "validate", join(folder.path, "none"), "--json");
  expect(JSON.parse(missing.stdout)).toMatchObject({ error: { code: "cli.validate.no-folder" } });
});
