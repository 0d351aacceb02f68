import { randomBytes } from "node:crypto";
import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addTestPoint } from "../testing/add-test-point.ts";
import { makeCommandFolder } from "../testing/run-command.ts";

test("a medium is added, copied to, handed over, and verified when it comes back somewhere else", async () => {
  await using folder = await makeCommandFolder("real");
  const pass = await folder.write("pass", "correct horse");
  const key = ["--passphrase-file", pass];
  for (const name of ["near", "disk-1", "disk-2"]) {
    const kit = ["--recovery-kit", join(folder.path, `kit-${name}`)];
    expect((await folder.run("repo", "init", name, "--name", name, ...key, ...kit)).exitCode).toBe(0);
  }
  const disk = randomBytes(1_000_000);
  await addTestPoint(join(folder.path, "near"), "correct horse", { id: "point-one", publishedAtMs: 1000, disk });
  expect((await folder.run("media", "add", "disk-1", "--set", "A", ...key)).exitCode).toBe(0);
  const twice = await folder.run("media", "add", "disk-1", "--set", "B", ...key, "--json");
  expect(JSON.parse(twice.stdout).error.code).toBe("cli.medium.exists");
  const copied = await folder.run("repo", "copy", "near", "disk-1", "--all", ...key, "--to-passphrase-file", pass);
  expect(copied.exitCode).toBe(0);
  expect((await folder.run("media", "hand-over", "disk-1", "--to", "the bank")).exitCode).toBe(0);
  expect(JSON.parse((await folder.run("media", "list", "--json")).stdout)).toMatchObject([
    { name: "disk-1", setName: "A", holder: "the bank", pointCount: 1, newestPointAtMs: 1000, verifiedAtMs: null },
  ]);

  const other = ["--location", join(folder.path, "disk-2"), ...key, "--json"];
  const wrong = await folder.run("media", "attach", "disk-1", ...other);
  expect(JSON.parse(wrong.stdout).error.code).toBe("cli.repository.replaced");
  const mounted = join(folder.path, "usb0");
  await rename(join(folder.path, "disk-1"), mounted);
  const back = await folder.run("media", "attach", "disk-1", "--location", mounted, ...key, "--json");
  expect([back.exitCode, JSON.parse(back.stdout)]).toMatchObject([0, { event: "attached", findingCount: 0 }]);

  const [pack] = (await readdir(join(mounted, "packs"), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const bytes = await readFile(pack!);
  bytes[1000]! ^= 1;
  await writeFile(pack!, bytes);
  expect((await folder.run("media", "verify", "disk-1", ...key)).exitCode).toBe(21);
  const { stdout } = await folder.run("media", "list");
  expect(stdout).toMatch(/A +disk-1 +here .* 1 findings/);
  const log = JSON.parse((await folder.run("media", "log", "disk-1", "--json")).stdout);
  expect(log.brokenEntry).toBeNull();
  expect(log.entries.map(({ event, holder }: { event: string; holder: string | null }) => [event, holder])).toEqual([
    ["added", null],
    ["copied", null],
    ["handed-over", "the bank"],
    ["attached", null],
    ["verified", null],
  ]);
});
