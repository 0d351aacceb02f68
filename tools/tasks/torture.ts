// Harm to repositories and catalogs, for as long as it is told; its short form is in the tests.
import { runCommand } from "./step.ts";

process.exitCode = await runCommand("node", ["e2e/torture/main.ts", ...process.argv.slice(2)]);
