// Holdfast measured against its peers on real machine images; outside the default run because of its size.
import { runCommand } from "./step.ts";

process.exitCode = await runCommand("node", ["bench/main.ts", ...process.argv.slice(2)]);
