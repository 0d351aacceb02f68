// Kills of the processes that work on durable runs, for as long as it is told; its short form is in the tests.
import { runCommand } from "./step.ts";

process.exitCode = await runCommand("node", ["packages/runs/src/testing/torture/main.ts", ...process.argv.slice(2)]);
