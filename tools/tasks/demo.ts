// The story of the README, told on this machine.
import { runCommand } from "./step.ts";

process.exitCode = await runCommand("node", ["e2e/demo/main.ts"]);
