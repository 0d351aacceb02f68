import { z } from "zod";
import { resourceNotFound } from "../../arm/arm-errors.ts";
import { readRequest, tagsSchema } from "../../arm/body-check.ts";
import { requireLocation } from "../../arm/location-check.ts";
import { type ArmCall, ArmError, type ArmReply, type ResourceType, type StampServices } from "../../arm/provider.ts";
import type { ArmResource } from "../../arm/resource.ts";
import { type BackReferences, readBackReferences } from "./back-references.ts";
import type { JsonObject } from "./json-shape.ts";

/** What a PUT is judged by. */
export interface NetworkWrite {
  readonly id: string;
  readonly name: string;
  readonly properties: JsonObject;
  readonly sku: JsonObject | undefined;
  /** The resource before this write. */
  readonly known: ArmResource | undefined;
  readonly references: BackReferences;
  readonly stamp: StampServices;
  readonly subscriptionId: string;
}

/** One tracked type of the network provider. */
export interface NetworkTypeRules {
  readonly type: string;
  readonly apiVersions: readonly string[];
  /** Every member that `properties` may have, read-only ones included: others are refused. */
  readonly members: readonly string[];
  readonly hasSku: boolean;
  readonly quota?: string;
  /** Checks a write and answers the properties to keep. Throws ArmError. */
  readonly settle: (write: NetworkWrite) => JsonObject;
  /** Adds what is derived from others. */
  readonly show?: (resource: ArmResource, references: BackReferences, stamp: StampServices) => JsonObject;
  /** Throws where it is in use. */
  readonly requireUnused?: (resource: ArmResource, references: BackReferences) => void;
  /** Cleans up in others, once it is gone. */
  readonly forget?: (resource: ArmResource, stamp: StampServices) => Promise<void>;
}

const bodySchema = z.object({
  location: z.string().optional(),
  tags: tagsSchema,
  sku: z.object({ name: z.string() }).loose().optional(),
  properties: z.record(z.string(), z.unknown()).default({}),
});

const subscriptionScope = (call: ArmCall): string => `/subscriptions/${call.subscriptionId}`;

function requireMembers(rules: NetworkTypeRules, properties: JsonObject): void {
  const unknown = Object.keys(properties).find((name) => !rules.members.includes(name));
  if (unknown === undefined) return;
  throw new ArmError(
    400,
    "InvalidRequestFormat",
    `Cannot parse the request. Could not find member '${unknown}' on object of type '${rules.type.split("/").at(-1)}'.`,
  );
}

/** What is shown of a network resource: read-only members are made anew on each read. */
export function presentNetwork(
  rules: NetworkTypeRules,
  resource: ArmResource,
  references: BackReferences,
  stamp: StampServices,
): JsonObject {
  const { hidden: _hidden, ...shown } = resource;
  return { ...shown, properties: { ...resource.properties, ...rules.show?.(resource, references, stamp) } };
}

export function requireNetworkResource(type: string, call: ArmCall, stamp: StampServices): ArmResource {
  const resource = stamp.resources.get(call.id);
  if (resource !== undefined) return resource;
  throw resourceNotFound(type, call.name ?? "", call.resourceGroup);
}

/** Checks and keeps one resource; used by its own PUT and by the PUT of what is embedded in it. */
export async function writeNetworkResource(
  rules: NetworkTypeRules,
  call: ArmCall,
  stamp: StampServices,
  next: {
    readonly location: string;
    readonly tags?: ArmResource["tags"];
    readonly sku?: JsonObject | undefined;
    readonly properties: JsonObject;
  },
): Promise<void> {
  const known = stamp.resources.get(call.id);
  const references = readBackReferences(stamp.resources, subscriptionScope(call));
  const { subscriptionId } = call;
  const { properties, sku } = next;
  const write = {
    id: known?.id ?? call.id,
    name: call.name ?? "",
    properties,
    sku,
    known,
    references,
    stamp,
    subscriptionId,
  };
  const settled = rules.settle(write);
  await stamp.resources.put({
    id: call.id,
    name: call.name ?? "",
    type: rules.type,
    location: next.location,
    ...(next.tags ? { tags: next.tags } : {}),
    ...(rules.hasSku ? { sku: next.sku ?? { name: "Basic" } } : {}),
    etag: `W/"${stamp.uuid()}"`,
    properties: {
      ...settled,
      resourceGuid: known?.properties["resourceGuid"] ?? stamp.uuid(),
      provisioningState: "Succeeded",
    },
  });
}

/** Builds a resource type from its rules. PUT answers 200 or 201, never 202, as the contract says. */
export function createNetworkType(rules: NetworkTypeRules): ResourceType {
  const shown = (call: ArmCall, stamp: StampServices): JsonObject => {
    const resource = requireNetworkResource(rules.type, call, stamp);
    return presentNetwork(rules, resource, readBackReferences(stamp.resources, subscriptionScope(call)), stamp);
  };
  return {
    type: rules.type,
    apiVersions: rules.apiVersions,
    get: async (call, stamp) => {
      const body = shown(call, stamp);
      return { status: 200, headers: { etag: String(body["etag"]) }, body };
    },
    list: async (call, stamp) => {
      const references = readBackReferences(stamp.resources, subscriptionScope(call));
      return stamp.resources.list(rules.type, call.id).map((one) => presentNetwork(rules, one, references, stamp));
    },
    put: async (call, stamp): Promise<ArmReply> => {
      const body = readRequest(bodySchema, call.body);
      const location = requireLocation(body.location, rules.type, stamp.location);
      requireMembers(rules, body.properties);
      const known = stamp.resources.get(call.id);
      if (known === undefined && rules.quota !== undefined) {
        stamp.requireQuota(call.subscriptionId, { [rules.quota]: 1 });
      }
      const tags = body.tags ?? undefined;
      const next = { location, ...(tags ? { tags } : {}), sku: body.sku, properties: body.properties };
      await writeNetworkResource(rules, call, stamp, next);
      return { status: known === undefined ? 201 : 200, body: shown(call, stamp) };
    },
    patch: async (call, stamp) => {
      const known = requireNetworkResource(rules.type, call, stamp);
      const { tags } = readRequest(z.object({ tags: tagsSchema }), call.body);
      await stamp.resources.put({ ...known, ...(tags ? { tags } : {}), etag: `W/"${stamp.uuid()}"` });
      return { status: 200, body: shown(call, stamp) };
    },
    delete: async (call, stamp) => {
      const known = stamp.resources.get(call.id);
      if (known === undefined) return { status: 204 };
      rules.requireUnused?.(known, readBackReferences(stamp.resources, subscriptionScope(call)));
      await stamp.resources.delete(call.id);
      await rules.forget?.(known, stamp);
      return { status: 200 };
    },
  };
}
