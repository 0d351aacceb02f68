import type { Grant, Permission } from "./access-rules.ts";
import type { ResourceStore } from "./resource.ts";

export const roleAssignmentType = "Microsoft.Authorization/roleAssignments";
export const roleDefinitionType = "Microsoft.Authorization/roleDefinitions";

export interface BuiltInRole {
  readonly guid: string;
  readonly roleName: string;
  readonly description: string;
  readonly permission: Permission;
}

/** The three roles every stamp has, under the ids that they have everywhere. */
export const builtInRoles: readonly BuiltInRole[] = [
  {
    guid: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    roleName: "Owner",
    description: "Lets you manage everything, including access to resources.",
    permission: { actions: ["*"], notActions: [] },
  },
  {
    guid: "b24988ac-6180-42a0-ab88-20f7382dd24c",
    roleName: "Contributor",
    description: "Lets you manage everything except access to resources.",
    permission: {
      actions: ["*"],
      notActions: ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"],
    },
  },
  {
    guid: "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    roleName: "Reader",
    description: "Lets you view everything, but not make any changes.",
    permission: { actions: ["*/read"], notActions: [] },
  },
];

/** The last word of a role definition's id. */
function permissionsOf(roleDefinitionId: string, resources: ResourceStore): readonly Permission[] {
  const guid = roleDefinitionId.split("/").at(-1)?.toLowerCase() ?? "";
  const builtIn = builtInRoles.find((role) => role.guid === guid);
  if (builtIn !== undefined) return [builtIn.permission];
  const custom = resources.list(roleDefinitionType, "").find((role) => role.name.toLowerCase() === guid);
  const permissions = custom?.properties["permissions"];
  return Array.isArray(permissions) ? (permissions as Permission[]) : [];
}

/** Every role assignment of a stamp, with what its role allows. */
export function readGrants(resources: ResourceStore): Grant[] {
  return resources.list(roleAssignmentType, "").map((assignment) => ({
    principalId: String(assignment.properties["principalId"]),
    scope: String(assignment.properties["scope"]),
    permissions: permissionsOf(String(assignment.properties["roleDefinitionId"]), resources),
  }));
}
