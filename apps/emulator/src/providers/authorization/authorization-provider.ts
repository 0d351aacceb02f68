import type { Provider } from "../../arm/provider.ts";
import { locks } from "./locks.ts";
import { roleAssignments } from "./role-assignments.ts";
import { roleDefinitions } from "./role-definitions.ts";

/** Microsoft.Authorization: who may do what, and what nobody may. */
export function createAuthorizationProvider(): Provider {
  return { namespace: "Microsoft.Authorization", types: [roleAssignments, roleDefinitions, locks] };
}
