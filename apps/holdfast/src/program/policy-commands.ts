import type { Command } from "commander";
import type { ApplyInput } from "../commands/apply.ts";
import type { PlanInput } from "../commands/plan.ts";
import { withFigures } from "./decision-commands.ts";
import { defineCommand, gather, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";
import { withRepository } from "./repository-options.ts";

export function addPolicyCommands(program: Command, parts: ProgramParts): void {
  const plan = defineCommand(program, "plan", {
    description:
      "say what a policy file would change: who is protected how, first captures, predicted loss; changes nothing",
    examples: ["plan --file policy.yaml", "plan --file policy.yaml --measured --json"],
  });
  withPlanOptions(plan).action((options: PlanInput) =>
    runLazily(parts, async () => (await import("../commands/plan.ts")).runPlan, options),
  );
  const apply = defineCommand(program, "apply", {
    description: "make a policy file hold, after planning it again",
    examples: [
      "apply --file policy.yaml",
      "apply --file policy.yaml --plan 3f9c2a71 --yes",
      "apply --file policy.yaml --consent-unprotect website",
    ],
  });
  withPlanOptions(apply)
    .option("--plan <digest>", "refuse where the plan is not the one that was shown")
    .option(
      "--consent-unprotect <application>",
      "application that may lose the protection of VMs; may be repeated",
      gather,
    )
    .option("--plan-only", "show the plan and stop")
    .option("--yes", "do not ask")
    .action((options: ApplyInput) =>
      runLazily(parts, async () => (await import("../commands/apply.ts")).runApply, options),
    );
  addPolicyQueries(program, parts);
}

function withPlanOptions(command: Command): Command {
  return withFigures(withRepository(command))
    .requiredOption("--file <path>", "the policy file")
    .option("--measured", "take figures from the points of the repository");
}

function addPolicyQueries(program: Command, parts: ProgramParts): void {
  const policy = program.command("policy").description("look at the policies that hold");
  defineCommand(policy, "show", {
    description: "print the policy file that holds",
    examples: ["policy show > policy.yaml"],
  }).action(() => runLazily(parts, async () => (await import("../commands/policy.ts")).runPolicyShow, {}));
  defineCommand(policy, "history", {
    description: "list who applied which file, and when",
    examples: ["policy history --json"],
  }).action(() => runLazily(parts, async () => (await import("../commands/policy.ts")).runPolicyHistory, {}));
  defineCommand(policy, "schema", {
    description: "print the JSON Schema of policy files, for editors",
    examples: ["policy schema > policy.schema.json"],
  }).action(() => runLazily(parts, async () => (await import("../commands/policy.ts")).runPolicySchema, {}));
}
