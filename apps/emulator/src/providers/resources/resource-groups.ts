import { z } from "zod";
import { invalidRequestContent, locationNotAvailable, resourceGroupNotFound } from "../../arm/arm-errors.ts";
import { ArmError, presentResource } from "../../arm/provider.ts";
import type { ArmResource } from "../../arm/resource.ts";
import type { CoreCall, CoreRoute, StampCore } from "../../arm/stamp-core.ts";
import { groupDeletionKind } from "./group-deletion.ts";
import { readFilter } from "./odata-filter.ts";
import { resourceManagerVersions } from "./registration.ts";

export const resourceGroupType = "Microsoft.Resources/resourceGroups";

const groupBody = z.object({
  location: z.string().optional(),
  tags: z.record(z.string(), z.string()).nullish(),
  managedBy: z.string().nullish(),
});
const template = "/subscriptions/{subscription}/resourcegroups/{group}";
const action = (word: string): string => `Microsoft.Resources/subscriptions/resourceGroups/${word}`;

function readBody(body: unknown): z.output<typeof groupBody> {
  const parsed = groupBody.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  throw invalidRequestContent(z.prettifyError(parsed.error));
}

const idOf = (call: CoreCall): string =>
  `/subscriptions/${call.subscriptionId}/resourceGroups/${call.parameters["group"]}`;

function requireGroup(call: CoreCall, core: StampCore): ArmResource {
  const group = core.services.resources.get(idOf(call));
  if (group === undefined) throw resourceGroupNotFound(call.parameters["group"] ?? "");
  return group;
}

function requireName(name: string): void {
  if (/^[\p{L}\p{N}_().-]{0,89}[\p{L}\p{N}_()-]$/u.test(name)) return;
  throw new ArmError(
    400,
    "InvalidResourceGroup",
    `The provided resource group name '${name}' has these invalid characters or is too long. The name can only be a letter, digit, '-', '.', '(', ')' or '_', and cannot end in a period.`,
  );
}

async function putGroup(call: CoreCall, core: StampCore): Promise<{ status: number; body: unknown }> {
  const { resources } = core.services;
  const name = call.parameters["group"] ?? "";
  requireName(name);
  const body = readBody(call.body);
  if (body.location === undefined) {
    throw new ArmError(400, "LocationRequired", "The location property is required for this definition.");
  }
  const location = body.location.toLowerCase().replaceAll(" ", "");
  if (location !== core.config.name) {
    throw locationNotAvailable(body.location, "Microsoft.Resources/resourceGroups", core.config.name);
  }
  const known = resources.get(idOf(call));
  await resources.put({
    id: idOf(call),
    name,
    type: resourceGroupType,
    location,
    ...(body.tags ? { tags: body.tags } : {}),
    properties: { provisioningState: "Succeeded" },
  });
  return { status: known === undefined ? 201 : 200, body: presentResource(requireGroup(call, core)) };
}

async function patchGroup(call: CoreCall, core: StampCore): Promise<{ status: number; body: unknown }> {
  const group = requireGroup(call, core);
  const { tags } = readBody(call.body);
  await core.services.resources.put({ ...group, ...(tags ? { tags } : {}) });
  return { status: 200, body: presentResource(requireGroup(call, core)) };
}

async function deleteGroup(
  call: CoreCall,
  core: StampCore,
): Promise<{ status: number; headers: Record<string, string> }> {
  const group = requireGroup(call, core);
  await core.services.resources.put({ ...group, properties: { provisioningState: "Deleting" } });
  const headers = await core.operations.start(call, {
    kind: groupDeletionKind,
    resourceId: group.id,
    arguments: {},
    durationMs: 200,
    provider: "Microsoft.Resources",
  });
  return { status: 202, headers };
}

/** Resource groups. A group is deleted with all that is in it, by each resource's own provider. */
export const resourceGroupRoutes: readonly CoreRoute[] = [
  {
    method: "GET",
    template: "/subscriptions/{subscription}/resourcegroups",
    apiVersions: resourceManagerVersions,
    list: async (call, core) => {
      const isWanted = readFilter(call.query.get("$filter"));
      return core.services.resources
        .list(resourceGroupType, `/subscriptions/${call.subscriptionId}`)
        .filter((group) => call.may(action("read"), group.id) && isWanted(group))
        .map(presentResource);
    },
  },
  {
    method: "GET",
    template,
    apiVersions: resourceManagerVersions,
    action: action("read"),
    reply: async (call, core) => ({ status: 200, body: presentResource(requireGroup(call, core)) }),
  },
  {
    method: "HEAD",
    template,
    apiVersions: resourceManagerVersions,
    action: action("read"),
    reply: async (call, core) => ({ status: core.services.resources.get(idOf(call)) === undefined ? 404 : 204 }),
  },
  { method: "PUT", template, apiVersions: resourceManagerVersions, action: action("write"), reply: putGroup },
  { method: "PATCH", template, apiVersions: resourceManagerVersions, action: action("write"), reply: patchGroup },
  { method: "DELETE", template, apiVersions: resourceManagerVersions, action: action("delete"), reply: deleteGroup },
];
