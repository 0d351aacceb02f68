// The quick inner loop: types, lint, format and the unit tests.
import { runSteps, staticSteps } from "./step.ts";

process.exitCode = await runSteps([
  ...staticSteps,
  { name: "unit tests", command: "vitest", arguments: ["run", "--project", "unit", "--reporter=dot"] },
]);
