// The quick inner loop: types, lint, format and the unit tests. Test files share a process here (`npm test` gives each
// its own), which halves what starting them costs.
import { runSteps, staticSteps } from "./step.ts";

process.exitCode = await runSteps([
  ...staticSteps,
  { name: "unit tests", command: "vitest", arguments: ["run", "--project", "unit", "--no-isolate", "--reporter=dot"] },
]);
