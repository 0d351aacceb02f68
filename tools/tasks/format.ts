import { runCommand } from "./step.ts";

process.exitCode = await runCommand("oxfmt", [
  "-c",
  "tools/oxfmt.json",
  "packages",
  "apps",
  "e2e",
  "tools",
  "bench",
  "vitest.config.ts",
]);
