/** A role's reach: wildcards over action names, as the platform writes them. */
export interface Permission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
}

export interface Grant {
  readonly principalId: string;
  readonly scope: string;
  readonly permissions: readonly Permission[];
}

function matchesAction(pattern: string, action: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(".*")}$`, "i").test(action);
}

export function allowsAction(permissions: readonly Permission[], action: string): boolean {
  return permissions.some(
    ({ actions, notActions }) =>
      actions.some((pattern) => matchesAction(pattern, action)) &&
      !notActions.some((pattern) => matchesAction(pattern, action)),
  );
}

/** Whether one id is the other or lies below it. */
export function covers(scope: string, id: string): boolean {
  const outer = scope.toLowerCase().replace(/\/$/, "");
  const inner = id.toLowerCase();
  return outer === "" || inner === outer || inner.startsWith(`${outer}/`);
}

/** Whether any grant of the principal reaches the scope and allows the action. */
export function mayDo(grants: readonly Grant[], principalId: string, action: string, scope: string): boolean {
  return grants.some(
    (grant) =>
      grant.principalId === principalId && covers(grant.scope, scope) && allowsAction(grant.permissions, action),
  );
}
