import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addTestPoint } from "../testing/add-test-point.ts";
import { makeCommandFolder } from "../testing/run-command.ts";

const dayMs = 86_400_000;

test("points are held, deleted by rules, brought back and pruned, with a second consent where much goes", async () => {
  await using folder = await makeCommandFolder("real");
  const key = ["--passphrase-file", await folder.write("pass", "correct horse")];
  const made = await folder.run("repo", "init", "repo", ...key, "--recovery-kit", join(folder.path, "kit"));
  expect(made.exitCode).toBe(0);
  for (let day = 0; day < 3; day += 1) {
    const point = { id: `point-${day}`, publishedAtMs: day * dayMs + 1, disk: randomBytes(1_000_000) };
    await addTestPoint(join(folder.path, "repo"), "correct horse", point);
  }
  const run = async (...args: readonly string[]) => {
    const { exitCode, stdout } = await folder.run(...args, ...key, "--json");
    return { exitCode, ...JSON.parse(stdout) };
  };
  const listed = async (): Promise<string[]> =>
    JSON.parse((await folder.run("points", ...key, "--json")).stdout).map(({ id }: { id: string }) => id);
  expect(await run("points", "hold", "point-0", "--why", "audit")).toMatchObject({ exitCode: 0, why: "audit" });
  const byRules = ["points", "delete", "--keep-last", "1"];
  expect(await run(...byRules, "--plan-only")).toMatchObject({ deleted: ["point-1"], isDone: false });
  expect(await run(...byRules)).toMatchObject({ exitCode: 2, error: { code: "cli.input.needed" } });
  expect(await run(...byRules, "--yes")).toMatchObject({ exitCode: 0, deleted: ["point-1"], isDone: true });
  expect(await listed()).toEqual(["point-2", "point-0"]);
  expect(await run("points", "undelete", "point-1")).toMatchObject({ exitCode: 0, pointId: "point-1" });
  await run("points", "release", "point-0");
  const all = ["points", "delete", "point-0", "point-1", "point-2", "--yes"];
  expect(await run(...all)).toMatchObject({ error: { code: "repository.delete.needs-consent" } });
  expect(await run(...all, "--consent", "delete 2 points")).toMatchObject({ error: { code: "cli.input.declined" } });
  expect(await run(...all, "--consent", "delete 3 points")).toMatchObject({ exitCode: 0 });
  expect(await run("points", "delete")).toMatchObject({ exitCode: 2, error: { code: "cli.usage.delete" } });
  const now = ["--grace", "0", "--yes"];
  const dry = await run("prune", "--dry-run", ...now);
  expect(dry).toMatchObject({ exitCode: 0, isDryRun: true, deletedPacks: 3 });
  const { deletedPacks, freedBytes } = await run("prune", ...now);
  expect([deletedPacks, freedBytes]).toEqual([3, dry.freedBytes]);
  const left = await readdir(join(folder.path, "repo", "packs"), { recursive: true, withFileTypes: true });
  expect(left.filter((entry) => entry.isFile())).toEqual([]);
  expect((await folder.run("points", "deleted", ...key)).stdout).toBe("No deleted point can be brought back.\n");
});
