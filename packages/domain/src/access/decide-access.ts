import { roles } from "./roles.ts";
import type { Permission, RoleName } from "./roles.ts";
import { coversScope, problemOfScope } from "./scope.ts";

/** Gives a principal a role at a scope and all below it. */
export interface RoleAssignment {
  readonly principal: string;
  readonly role: RoleName;
  readonly scope: string;
}

export interface AccessQuestion {
  readonly principal: string;
  readonly permission: Permission;
  readonly scope: string;
}

export type AccessDecision =
  | { readonly isAllowed: true; readonly by: RoleAssignment; readonly reason: string }
  | { readonly isAllowed: false; readonly reason: string };

/** Decides whether a principal may do an act at a scope; what no assignment allows is refused. */
export function decideAccess(assignments: readonly RoleAssignment[], question: AccessQuestion): AccessDecision {
  const { principal, permission, scope } = question;
  const problem = problemOfScope(scope);
  if (problem !== undefined) return { isAllowed: false, reason: `The scope is malformed: ${problem}.` };
  const own = assignments.filter((one) => one.principal === principal);
  if (own.length === 0) return { isAllowed: false, reason: `${principal} has no role.` };
  const granting = own.filter(({ role }) => roles[role].includes(permission));
  if (granting.length === 0) return { isAllowed: false, reason: `No role of ${principal} has ${permission}.` };
  const by = granting.find((one) => coversScope(one.scope, scope));
  if (by === undefined) {
    return { isAllowed: false, reason: `${principal} has ${permission} elsewhere, not at ${scope}.` };
  }
  return { isAllowed: true, by, reason: `${principal} is ${by.role} at ${by.scope}.` };
}
