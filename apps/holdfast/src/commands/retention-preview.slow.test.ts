import { expect, test } from "vitest";
import { makeCommandFolder } from "../testing/run-command.ts";

test("retention preview plays a schedule through without a repository", async () => {
  await using folder = await makeCommandFolder();
  const args = ["retention", "preview", "--keep-daily", "7", "--keep-monthly", "3", "--every", "6h", "--for", "1y"];
  const json = await folder.run(...args, "--json");
  expect(json).toMatchObject({ exitCode: 0, stderr: "" });
  const { captureCount, kept, counts } = JSON.parse(json.stdout);
  expect([captureCount, counts.length, kept.length >= 9 && kept.length <= 10]).toEqual([1461, 1461, true]);
  const text = await folder.run(...args);
  expect(text.stdout).toMatch(/KEPT IN THE END +WHY\n[-0-9T:]+ +daily 1 \([-0-9]+\), monthly 1 \([-0-9]+\), latest\n/);
});

test.each([
  [1, "cli.retention.invalid", []],
  [1, "cli.retention.invalid", ["--keep-last", "0"]],
  [1, "cli.retention.invalid", ["--keep-last", "3", "--time-zone", "Mars"]],
  [1, "cli.retention.invalid", ["--keep-last", "3", "--every", "6h"]],
  [1, "cli.retention.invalid", ["--keep-last", "3", "--every", "1m", "--for", "9y"]],
  [2, "cli.usage.invalid", ["--keep-last", "x"]],
  [2, "cli.usage.invalid", ["--keep-last", "3", "--every", "6 parsecs", "--for", "3y"]],
])("retention preview exits %i with %s for %j", async (exitCode, code, args) => {
  await using folder = await makeCommandFolder();
  const refused = await folder.run("retention", "preview", ...args, "--json");
  expect([refused.exitCode, JSON.parse(refused.stdout).error.code]).toEqual([exitCode, code]);
});
