import { HoldfastError } from "@holdfast/kernel";
import { accountName } from "../cli/account-name.ts";
import type { CommandHandler } from "../cli/context.ts";
import { proposeChange } from "../cli/propose-change.ts";
import type { ChangeOptions } from "../cli/propose-change.ts";
import { describePlan } from "./describe-plan.ts";
import { makePlan } from "./plan.ts";
import type { PlanInput } from "./plan.ts";
import type { PolicyPlan } from "../selection/policy-plan.ts";

export interface ApplyInput extends PlanInput, ChangeOptions {
  /** Digest of the plan that was shown. */
  readonly plan?: string;
  /** Applications that may lose the protection of VMs. */
  readonly consentUnprotect?: readonly string[];
}

/**
 * Makes a policy file hold, after planning it again. Raises `policy.plan.blocked`, `policy.plan.changed` and
 * `policy.consent.missing`, and then applies nothing.
 */
export const runApply: CommandHandler<ApplyInput> = async (input, context) => {
  const { services, output } = context;
  await using catalog = await services.openCatalog();
  const { plan, text } = await makePlan(catalog, input, context);
  if (!plan.isChange && plan.changes.length === 0) {
    output.result(plan, () => "Nothing would change: these policies hold.");
    return;
  }
  refuse(plan, input);
  const proposal = { plan, text: describePlan(plan), question: "Apply this?" };
  if (!(await proposeChange(proposal, input, context))) return;
  const who = accountName(services.environment);
  const applied = await catalog.applyPolicies({ fileName: input.file, text }, plan.after, who);
  output.result(
    { ...plan, applied: { number: applied.number, atMs: applied.atMs } },
    () => `Applied as entry ${applied.number}. ${plan.protectedCount} VMs are under a policy.`,
  );
};

function refuse(plan: PolicyPlan, { plan: shown, consentUnprotect = [] }: ApplyInput): void {
  const blocking = plan.findings.filter(({ severity }) => severity === "blocks");
  if (blocking.length > 0)
    throw new HoldfastError({
      code: "policy.plan.blocked",
      message: `nothing was applied: ${blocking.map(({ subject, message }) => `${subject}: ${message}`).join("; ")}`,
      advice: blocking[0]!.advice,
      details: { blockingCount: blocking.length },
    });
  if (shown !== undefined && !(shown.length >= 8 && plan.digest.startsWith(shown.toLowerCase())))
    throw new HoldfastError({
      code: "policy.plan.changed",
      message: `the plan is not the one that was shown: its digest is ${plan.digest} now`,
      advice: "Look at the new plan, then apply it by its digest.",
      details: { digest: plan.digest, shown },
    });
  const missing = plan.needsConsent.filter((name) => !consentUnprotect.includes(name));
  if (missing.length > 0)
    throw new HoldfastError({
      code: "policy.consent.missing",
      message: `${missing.join(", ")} would lose the protection of a VM, and nobody has consented`,
      advice: `Give ${missing.map((name) => `--consent-unprotect ${JSON.stringify(name)}`).join(" ")} if that is meant.`,
      details: { applications: missing.join(", ") },
    });
}
