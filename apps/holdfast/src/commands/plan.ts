import { readFile, stat } from "node:fs/promises";
import type { Catalog } from "@holdfast/catalog";
import { HoldfastError } from "@holdfast/kernel";
import type { CommandContext, CommandHandler } from "../cli/context.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { maxPolicyBytes } from "../policy-file/read-policy-file.ts";
import { loadPlanGround, planPolicies } from "../selection/policy-plan.ts";
import type { PolicyPlan } from "../selection/policy-plan.ts";
import type { FigureOptions } from "../selection/work-figures.ts";
import { describePlan } from "./describe-plan.ts";
import { loadPoints } from "./load-points.ts";
import type { RepositoryOptions } from "./repository-session.ts";
import { loadInventories } from "./vms.ts";

export interface PlanInput extends RepositoryOptions, FigureOptions {
  readonly file: string;
  /** Take figures from the points of the repository. */
  readonly measured?: boolean;
}

/** Says what a policy file would change, and changes nothing. The exit code tells whether anything would. */
export const runPlan: CommandHandler<PlanInput> = async (input, context) => {
  await using catalog = await context.services.openCatalog();
  const { plan } = await makePlan(catalog, input, context);
  context.output.result(plan, () => describePlan(plan));
  if (plan.isBlocked) return exitCodes.error;
  return plan.isChange || plan.changes.length > 0 ? exitCodes.changed : exitCodes.ok;
};

/** Reads the file and plans it against what holds now. */
export async function makePlan(
  catalog: Catalog,
  input: PlanInput,
  context: CommandContext,
): Promise<{ readonly plan: PolicyPlan; readonly text: string }> {
  const text = await readPolicyFile(input.file);
  const inventories = await loadInventories(catalog, undefined);
  const points = input.measured === true ? await loadPoints(catalog, input, context) : [];
  const ground = await loadPlanGround(catalog, inventories, { points, nowMs: context.services.clock.now() });
  return { plan: planPolicies(text, input.file, ground, input), text };
}

async function readPolicyFile(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    // The reader refuses what is larger, with its own words.
    if (size <= maxPolicyBytes) return await readFile(file, "utf8");
    return " ".repeat(maxPolicyBytes + 1);
  } catch (error) {
    throw new HoldfastError({
      code: "cli.usage.file",
      message: `${file} cannot be read`,
      advice: "Give the path of a policy file; docs/policies.md has an example.",
      cause: error,
    });
  }
}
