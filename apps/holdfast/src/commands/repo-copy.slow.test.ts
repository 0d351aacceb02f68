import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addTestPoint } from "../testing/add-test-point.ts";
import { makeCommandFolder } from "../testing/run-command.ts";

test("points are copied to a repository with another key, which reads them back and heals the first", async () => {
  await using folder = await makeCommandFolder("real");
  const files: Record<string, string> = {};
  for (const name of ["near", "far"]) {
    files[name] = await folder.write(`pass-${name}`, `passphrase of ${name}`);
    const kit = ["--recovery-kit", join(folder.path, `kit-${name}`)];
    const made = await folder.run("repo", "init", name, "--name", name, "--passphrase-file", files[name], ...kit);
    expect(made.exitCode).toBe(0);
  }
  const disk = randomBytes(3_000_000);
  for (const [i, id] of ["point-one", "point-two"].entries()) {
    disk.fill(i + 1, 1_000_000, 1_010_000);
    await addTestPoint(join(folder.path, "near"), "passphrase of near", { id, publishedAtMs: i + 1, disk });
  }
  const keys = ["--passphrase-file", files["near"]!, "--to-passphrase-file", files["far"]!, "--json"];
  const copied = await folder.run("repo", "copy", "near", "far", "--all", ...keys);
  expect([copied.exitCode, copied.stderr]).toEqual([0, expect.any(String)]);
  expect(JSON.parse(copied.stdout)).toMatchObject({
    points: [
      { kind: "copied", pointId: "point-one", isIncremental: false },
      { kind: "copied", pointId: "point-two", isIncremental: true, readBytes: 256 * 1024 },
    ],
  });
  const again = await folder.run("repo", "copy", "near", "far", "--vm", "app/web1", ...keys);
  expect(JSON.parse(again.stdout).points.map(({ kind }: { kind: string }) => kind)).toEqual([
    "already-there",
    "already-there",
  ]);
  const drill = ["--repo", "far", "--recovery-code-file", join(folder.path, "kit-far"), "--whole", "--json"];
  const drilled = await folder.run("repo", "keys", "drill", ...drill);
  expect(drilled.exitCode).toBe(0);
  expect(JSON.parse(drilled.stdout)).toMatchObject({ pointId: "point-two", readBytes: disk.length, isWhole: true });
  const check = await folder.run("check", "--repo", "far", "--passphrase-file", files["far"]!, "--json");
  expect(JSON.parse(check.stdout)).toMatchObject({ pointCount: 2, findings: [] });
  const packs = await readdir(join(folder.path, "near", "packs"), { recursive: true, withFileTypes: true });
  for (const entry of packs.filter((found) => found.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(9, 30, 3000));
  }
  const nearKey = ["--passphrase-file", files["near"]!];
  expect((await folder.run("check", ...nearKey)).exitCode).toBe(21);
  const heal = await folder.run("repo", "heal", "--from", "far", ...nearKey, "--from-passphrase-file", files["far"]!);
  expect(heal).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Every point that is listed is whole.") });
  const after = await folder.run("check", ...nearKey, "--json");
  for (const { pointIds } of JSON.parse(after.stdout).findings) expect(pointIds).toEqual([]);
  const unsaid = await folder.run("repo", "copy", "near", "far", ...keys);
  expect([unsaid.exitCode, JSON.parse(unsaid.stdout).error.code]).toEqual([2, "cli.usage.copy"]);
  const crossed = await folder.run("repo", "copy", "near", "far", "--all", ...keys.toSpliced(3, 1, files["near"]!));
  expect([crossed.exitCode, JSON.parse(crossed.stdout).error.code]).toEqual([12, "repository.key.wrong-passphrase"]);
});
