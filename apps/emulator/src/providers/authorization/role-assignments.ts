import { z } from "zod";
import { covers } from "../../arm/access-rules.ts";
import { invalidRequestContent } from "../../arm/arm-errors.ts";
import { type ArmCall, ArmError, presentResource, type ResourceType, type StampServices } from "../../arm/provider.ts";
import type { ArmResource } from "../../arm/resource.ts";
import { builtInRoles, roleAssignmentType, roleDefinitionType } from "../../arm/role-grants.ts";

const assignmentBody = z.object({ properties: z.object({ roleDefinitionId: z.string(), principalId: z.string() }) });

/** What an extension resource hangs from: its id up to the provider that owns it. */
export function scopeOfExtension(id: string): string {
  const at = id.toLowerCase().lastIndexOf("/providers/microsoft.authorization/");
  return at < 0 ? id : id.slice(0, at);
}

function requireRole(roleDefinitionId: string, stamp: StampServices): void {
  const guid = roleDefinitionId.split("/").at(-1)?.toLowerCase() ?? "";
  if (builtInRoles.some((role) => role.guid === guid)) return;
  if (stamp.resources.list(roleDefinitionType, "").some((role) => role.name.toLowerCase() === guid)) return;
  throw new ArmError(
    400,
    "RoleDefinitionDoesNotExist",
    `The specified role definition with ID '${guid.replaceAll("-", "")}' does not exist.`,
  );
}

async function put(call: ArmCall, stamp: StampServices): Promise<{ status: number; body: unknown }> {
  const parsed = assignmentBody.safeParse(call.body);
  if (!parsed.success) throw invalidRequestContent(z.prettifyError(parsed.error));
  const { roleDefinitionId, principalId } = parsed.data.properties;
  requireRole(roleDefinitionId, stamp);
  const scope = scopeOfExtension(call.id);
  const same = stamp.resources.list(roleAssignmentType, "").find((one) => {
    const { properties: p } = one;
    const isSameRole = String(p["roleDefinitionId"]).split("/").at(-1) === roleDefinitionId.split("/").at(-1);
    return p["principalId"] === principalId && isSameRole && String(p["scope"]).toLowerCase() === scope.toLowerCase();
  });
  if (same !== undefined && same.name.toLowerCase() !== call.name?.toLowerCase()) {
    throw new ArmError(409, "RoleAssignmentExists", "The role assignment already exists.");
  }
  const resource: ArmResource = {
    id: call.id,
    name: call.name ?? "",
    type: roleAssignmentType,
    properties: { roleDefinitionId, principalId, scope },
  };
  await stamp.resources.put(resource);
  return { status: 201, body: presentResource(resource) };
}

/** Assignments at, above or below a scope; `atScope()` leaves out those below. */
async function list(call: ArmCall, stamp: StampServices): Promise<readonly unknown[]> {
  const filter = call.query.get("$filter") ?? "";
  const principal =
    /principalId\s+eq\s+'?\{?([^'}\s]+)/i.exec(filter)?.[1] ?? /assignedTo\('([^']+)'\)/i.exec(filter)?.[1];
  const isAtScope = /atScope\(\)/i.test(filter);
  return stamp.resources
    .list(roleAssignmentType, "")
    .filter((one) => {
      const scope = String(one.properties["scope"]);
      const isSeen = covers(scope, call.id) || (!isAtScope && covers(call.id, scope));
      return isSeen && (principal === undefined || one.properties["principalId"] === principal);
    })
    .map(presentResource);
}

export const roleAssignments: ResourceType = {
  type: roleAssignmentType,
  apiVersions: ["2015-07-01"],
  list,
  put,
  get: async (call, stamp) => {
    const found = stamp.resources.get(call.id);
    if (found !== undefined) return { status: 200, body: presentResource(found) };
    throw new ArmError(404, "RoleAssignmentNotFound", `The role assignment '${call.name}' is not found.`);
  },
  delete: async (call, stamp) => {
    const found = stamp.resources.get(call.id);
    if (found === undefined) return { status: 204 };
    await stamp.resources.delete(call.id);
    return { status: 200, body: presentResource(found) };
  },
};
