import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeCommandFolder } from "../testing/run-command.ts";
import type { CommandFolder, CommandResult } from "../testing/run-command.ts";

async function makeRepository(folder: CommandFolder) {
  const pass = await folder.write("pass", "correct horse");
  const kit = join(folder.path, "kit");
  const made = await folder.run("repo", "init", "data", "--passphrase-file", pass, "--recovery-kit", kit);
  expect(made.exitCode).toBe(0);
  const byPass = ["--passphrase-file", pass];
  const byKit = ["--recovery-code-file", kit];
  const keys = (...args: readonly string[]): Promise<CommandResult> => folder.run("repo", "keys", ...args);
  const list = async (by: readonly string[]): Promise<{ id: string; kind: string; isOpener: boolean }[]> =>
    JSON.parse((await keys("list", ...by, "--json")).stdout);
  return { byPass, byKit, keys, list, kit };
}

const codeOf = ({ stdout }: CommandResult): string => JSON.parse(stdout).error.code;

test("shares are made as private files, and any threshold of them opens the repository", async () => {
  await using folder = await makeCommandFolder("real");
  const { byPass, keys, list } = await makeRepository(folder);
  const shares = join(folder.path, "shares");
  const made = await keys("add", "shares", "--threshold", "2", "--count", "3", "--shares-folder", shares, ...byPass);
  expect(made).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("any 2 of 3 shares") });
  expect((await readdir(shares)).toSorted()).toEqual(["share-1-of-3.txt", "share-2-of-3.txt", "share-3-of-3.txt"]);
  const files = (await readdir(shares)).map((name) => ["--share-file", join(shares, name)]);
  expect((await stat(files[0]![1]!)).mode & 0o777).toBe(0o600);
  const opened = await list([...files[2]!, ...files[0]!]);
  expect(opened.filter(({ isOpener }) => isOpener)).toMatchObject([{ kind: "shares", threshold: 2, count: 3 }]);
  const few = await keys("list", ...files[1]!, "--json");
  expect([few.exitCode, codeOf(few)]).toEqual([12, "repository.share.too-few"]);
  const taken = await keys("add", "shares", "--threshold", "2", "--count", "3", "--shares-folder", shares, ...byPass);
  expect([taken.exitCode, taken.stderr]).toEqual([1, expect.stringContaining("cli.kit.unwritten")]);
  expect(await list(byPass)).toHaveLength(3);
  const sheet = /Share: +(\S+)/.exec(await readFile(files[0]![1]!, "utf8"))![1]!;
  expect(folder.printed()).not.toContain(sheet);
});

test("a passphrase is rotated, and the kit still opens; removing refuses what would lock out", async () => {
  await using folder = await makeCommandFolder("real");
  const { byPass, byKit, keys, list } = await makeRepository(folder);
  const newer = await folder.write("newer", "battery staple");
  const rotated = await keys("rotate", ...byPass, "--new-passphrase-file", newer, "--kdf", "pbkdf2", "--json");
  expect(JSON.parse(rotated.stdout)).toMatchObject({
    added: { kdf: "pbkdf2-hmac-sha512", state: "sound" },
    removed: { kind: "passphrase" },
  });
  const refused = await keys("list", ...byPass, "--json");
  expect([refused.exitCode, codeOf(refused)]).toEqual([12, "repository.key.wrong-passphrase"]);
  const slots = await list(byKit);
  expect(slots).toHaveLength(2);
  const [kitSlot] = slots.filter(({ kind }) => kind === "recovery");
  const byNewer = ["--passphrase-file", newer];
  const spare = await keys("remove", kitSlot!.id.slice(0, 8), ...byNewer, "--json");
  expect([spare.exitCode, codeOf(spare)]).toEqual([1, "repository.key.last-spare"]);
  expect((await keys("remove", kitSlot!.id.slice(0, 8), ...byNewer, "--accept-risk")).exitCode).toBe(0);
  const [last] = await list(byNewer);
  expect(codeOf(await keys("remove", last!.id, ...byNewer, "--accept-risk", "--json"))).toBe(
    "repository.key.last-slot",
  );
  expect(codeOf(await keys("remove", "ffff", ...byNewer, "--json"))).toBe("cli.slot.not-found");
  expect(folder.printed()).not.toMatch(/battery|horse/);
});

test("a kit and a set of shares are rotated: only the new ones open", async () => {
  await using folder = await makeCommandFolder("real");
  const { byPass, byKit, keys, list } = await makeRepository(folder);
  const newKit = join(folder.path, "kit-2");
  expect((await keys("rotate", ...byKit, "--recovery-kit", newKit)).exitCode).toBe(0);
  expect((await keys("list", ...byKit)).exitCode).toBe(12);
  expect(await list(["--recovery-code-file", newKit])).toHaveLength(2);
  const folders = ["one", "two"].map((name) => join(folder.path, name));
  const shares = (of: string) => [1, 2].flatMap((n) => ["--share-file", join(of, `share-${n}-of-3.txt`)]);
  await keys("add", "shares", "--threshold", "2", "--count", "3", "--shares-folder", folders[0]!, ...byPass);
  expect((await keys("rotate", ...shares(folders[0]!), "--shares-folder", folders[1]!)).exitCode).toBe(0);
  const gone = await keys("list", ...shares(folders[0]!), "--json");
  expect(codeOf(gone)).toBe("repository.key.wrong-shares");
  const opener = (await list(shares(folders[1]!))).find(({ isOpener }) => isOpener);
  expect(opener).toMatchObject({ kind: "shares", threshold: 2, count: 3 });
});

test("a drill opens by the secret that it is handed, and 21 says that there is no point to read", async () => {
  await using folder = await makeCommandFolder("real");
  const { byKit, keys } = await makeRepository(folder);
  const drill = await keys("drill", ...byKit, "--json");
  expect(drill.exitCode).toBe(21);
  expect(JSON.parse(drill.stdout)).toMatchObject({ slot: { kind: "recovery" }, pointId: null, readBytes: 0 });
});
