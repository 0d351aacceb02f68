// Everything: types, lint, format, every test project, then every exchange that crossed the emulator against the
// official specifications. Ends with the counts of the test runner, on a line alone.
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, runSteps, staticSteps } from "./step.ts";

interface TestCounts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numFailedTestSuites: number;
}

async function runTests(folder: string): Promise<number> {
  const report = join(folder, "report.json");
  process.env["HOLDFAST_RECORD_DIR"] = join(folder, "exchanges");
  await mkdir(process.env["HOLDFAST_RECORD_DIR"]);
  const code = await runCommand("vitest", [
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ]);
  const specCode = await runCommand("node", ["e2e/specs/main.ts", process.env["HOLDFAST_RECORD_DIR"]]);
  const counts = JSON.parse(await readFile(report, "utf8")) as TestCounts;
  // A file that could not even be loaded fails the run without counting a single test.
  const failed = Math.max(counts.numFailedTests, code === 0 && specCode === 0 ? 0 : 1);
  const skipped = counts.numPendingTests;
  console.log(`\n${counts.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  if (process.env["CI"] === "true" && skipped > 0) {
    console.error("Tests were skipped; on CI that is a failure.");
    return 1;
  }
  return code === 0 ? specCode : code;
}

const staticCode = await runSteps(staticSteps);
if (staticCode !== 0) {
  process.exitCode = staticCode;
} else {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-test-"));
  try {
    process.exitCode = await runTests(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
