import { decideAccess } from "./decide-access.ts";
import type { AccessQuestion, RoleAssignment } from "./decide-access.ts";
import type { Permission } from "./roles.ts";

/** Which acts need a second person, and for how long his approval holds. */
export interface FourEyesRule {
  readonly permissions: readonly Permission[];
  readonly validForMs: number;
}

/** An act that somebody asks for; `digest` stands for exactly what was asked, so that no approval fits another act. */
export interface ActRequest extends AccessQuestion {
  readonly digest: string;
  readonly askedMs: number;
}

export interface Approval {
  readonly approver: string;
  readonly digest: string;
  readonly givenMs: number;
}

export type ApprovalDecision =
  | { readonly state: "not-needed" }
  | { readonly state: "approved"; readonly by: Approval }
  | {
      readonly state: "waiting";
      readonly refused: readonly { readonly approval: Approval; readonly reason: string }[];
    };

/** What an approval is judged by: all of it as it is at `nowMs`. */
export interface ApprovalTerms {
  readonly rule: FourEyesRule;
  readonly assignments: readonly RoleAssignment[];
  readonly nowMs: number;
}

/**
 * Decides whether an act has the second person that the rule asks for.
 *
 * It does not decide whether the requester may act: `decideAccess` does, and both must agree. Approvers are judged by
 * the assignments of now. Principals are taken for persons: a person with two accounts defeats the rule.
 */
export function decideApproval(
  request: ActRequest,
  approvals: readonly Approval[],
  terms: ApprovalTerms,
): ApprovalDecision {
  if (!terms.rule.permissions.includes(request.permission)) return { state: "not-needed" };
  const refused: { approval: Approval; reason: string }[] = [];
  for (const approval of approvals) {
    const reason = whyNot(request, approval, terms);
    if (reason === undefined) return { state: "approved", by: approval };
    refused.push({ approval, reason });
  }
  return { state: "waiting", refused };
}

function whyNot(request: ActRequest, approval: Approval, terms: ApprovalTerms): string | undefined {
  const { rule, assignments, nowMs } = terms;
  const { approver: principal } = approval;
  if (principal === request.principal) return "Nobody approves what he asked for himself.";
  if (approval.digest !== request.digest) return "It approves another act.";
  if (approval.givenMs < request.askedMs) return "It is older than the request.";
  if (approval.givenMs > nowMs) return "It is dated in the future.";
  if (nowMs - approval.givenMs >= rule.validForMs) return "It has expired.";
  const access = decideAccess(assignments, { principal, permission: "acts.approve", scope: request.scope });
  return access.isAllowed ? undefined : access.reason;
}
