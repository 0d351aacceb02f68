import { z } from "zod";
import { covers } from "../../arm/access-rules.ts";
import { invalidRequestContent } from "../../arm/arm-errors.ts";
import { type ArmCall, ArmError, presentResource, type ResourceType, type StampServices } from "../../arm/provider.ts";
import type { ArmResource } from "../../arm/resource.ts";
import { builtInRoles, roleDefinitionType } from "../../arm/role-grants.ts";
import { scopeOfExtension } from "./role-assignments.ts";

const definitionBody = z.object({
  properties: z.object({
    roleName: z.string(),
    description: z.string().optional(),
    type: z.string().optional(),
    assignableScopes: z.array(z.string()).min(1),
    permissions: z.array(
      z.object({ actions: z.array(z.string()).default([]), notActions: z.array(z.string()).default([]) }),
    ),
  }),
});

function builtIn(subscriptionId: string): Record<string, unknown>[] {
  return builtInRoles.map((role) => ({
    id: `/subscriptions/${subscriptionId}/providers/${roleDefinitionType}/${role.guid}`,
    name: role.guid,
    type: roleDefinitionType,
    properties: {
      roleName: role.roleName,
      type: "BuiltInRole",
      description: role.description,
      assignableScopes: ["/"],
      permissions: [role.permission],
    },
  }));
}

function visibleRoles(call: ArmCall, stamp: StampServices): Record<string, unknown>[] {
  const scope = scopeOfExtension(call.id);
  const custom = stamp.resources
    .list(roleDefinitionType, "")
    .filter((role) => (role.properties["assignableScopes"] as string[]).some((one) => covers(one, scope)));
  return [...builtIn(call.subscriptionId), ...custom.map(presentResource)];
}

async function list(call: ArmCall, stamp: StampServices): Promise<readonly unknown[]> {
  const filter = call.query.get("$filter") ?? "";
  const name = /roleName\s+eq\s+'([^']+)'/i.exec(filter)?.[1];
  const kind = /type\s+eq\s+'([^']+)'/i.exec(filter)?.[1];
  return visibleRoles(call, stamp).filter((role) => {
    const properties = role["properties"] as Record<string, unknown>;
    const isNamed = name === undefined || properties["roleName"] === name;
    return isNamed && (kind === undefined || properties["type"] === kind);
  });
}

async function put(call: ArmCall, stamp: StampServices): Promise<{ status: number; body: unknown }> {
  const parsed = definitionBody.safeParse(call.body);
  if (!parsed.success) throw invalidRequestContent(z.prettifyError(parsed.error));
  if (builtInRoles.some((role) => role.guid === call.name?.toLowerCase())) {
    throw new ArmError(403, "BuiltInRoleDefinitionCannotBeChanged", "Built-in roles cannot be changed.");
  }
  const resource: ArmResource = {
    id: call.id,
    name: call.name ?? "",
    type: roleDefinitionType,
    properties: { ...parsed.data.properties, type: "CustomRole" },
  };
  await stamp.resources.put(resource);
  return { status: 201, body: presentResource(resource) };
}

export const roleDefinitions: ResourceType = {
  type: roleDefinitionType,
  apiVersions: ["2015-07-01"],
  list,
  put,
  get: async (call, stamp) => {
    const role = visibleRoles(call, stamp).find(
      (one) => String(one["name"]).toLowerCase() === call.name?.toLowerCase(),
    );
    if (role !== undefined) return { status: 200, body: role };
    throw new ArmError(
      404,
      "RoleDefinitionDoesNotExist",
      `The specified role definition '${call.name}' does not exist.`,
    );
  },
  delete: async (call, stamp) => {
    const found = stamp.resources.get(call.id);
    if (found === undefined) return { status: 204 };
    await stamp.resources.delete(call.id);
    return { status: 200, body: presentResource(found) };
  },
};
