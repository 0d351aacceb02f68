import { z } from "zod";
import { resourceNotFound } from "../../arm/arm-errors.ts";
import { readRequest } from "../../arm/body-check.ts";
import { type ArmCall, ArmError, type ResourceType, type StampServices } from "../../arm/provider.ts";
import type { ArmResource } from "../../arm/resource.ts";
import { readBackReferences } from "./back-references.ts";
import { asObjects, type JsonObject } from "./json-shape.ts";
import { type NetworkTypeRules, presentNetwork, writeNetworkResource } from "./network-type.ts";
import { requireSubnetUnused } from "./virtual-networks.ts";

const childBody = z.object({ properties: z.record(z.string(), z.unknown()).default({}) });

function parentId(call: ArmCall, word: string, isCollection: boolean): string {
  if (isCollection) return call.id;
  const at = call.id.toLowerCase().lastIndexOf(`/${word.toLowerCase()}/`);
  return call.id.slice(0, at);
}

const hasName = (item: JsonObject, name: string | undefined): boolean =>
  String(item["name"]).toLowerCase() === name?.toLowerCase();

/** A type that lives inside its parent, such as a subnet: its calls are reads and writes of the parent. */
export function createChildType(rules: NetworkTypeRules, word: string, isWritable: boolean): ResourceType {
  const type = `${rules.type}/${word}`;
  const requireParent = (call: ArmCall, stamp: StampServices, isCollection = false): ArmResource => {
    const id = parentId(call, word, isCollection);
    const parent = stamp.resources.get(id);
    if (parent !== undefined) return parent;
    throw resourceNotFound(rules.type, call.parentNames.at(-1) ?? "", call.resourceGroup);
  };
  const children = (call: ArmCall, stamp: StampServices, isCollection = false): readonly JsonObject[] => {
    const references = readBackReferences(stamp.resources, `/subscriptions/${call.subscriptionId}`);
    const parent = presentNetwork(rules, requireParent(call, stamp, isCollection), references, stamp);
    return asObjects((parent["properties"] as JsonObject)[word]);
  };
  const find = (call: ArmCall, stamp: StampServices): JsonObject => {
    const child = children(call, stamp).find((one) => hasName(one, call.name));
    if (child !== undefined) return child;
    throw new ArmError(404, "NotFound", `Resource ${call.id} not found.`);
  };
  const rewrite = (call: ArmCall, stamp: StampServices, items: readonly JsonObject[]): Promise<void> => {
    const parent = requireParent(call, stamp);
    const { location = stamp.location, tags, sku } = parent;
    const parentCall: ArmCall = { ...call, id: parent.id, name: parent.name };
    const properties = { ...parent.properties, [word]: items };
    return writeNetworkResource(rules, parentCall, stamp, { location, ...(tags ? { tags } : {}), sku, properties });
  };
  const reading: ResourceType = {
    type,
    apiVersions: rules.apiVersions,
    get: async (call, stamp) => ({ status: 200, body: find(call, stamp) }),
    list: async (call, stamp) => children(call, stamp, true),
  };
  if (!isWritable) return reading;
  return {
    ...reading,
    put: async (call, stamp) => {
      const { properties } = readRequest(childBody, call.body);
      const before = asObjects(requireParent(call, stamp).properties[word]);
      const others = before.filter((one) => !hasName(one, call.name));
      await rewrite(call, stamp, [...others, { name: call.name, properties }]);
      return { status: others.length === before.length ? 201 : 200, body: find(call, stamp) };
    },
    delete: async (call, stamp) => {
      const before = asObjects(requireParent(call, stamp).properties[word]);
      const child = before.find((one) => hasName(one, call.name));
      if (child === undefined) return { status: 204 };
      const references = readBackReferences(stamp.resources, `/subscriptions/${call.subscriptionId}`);
      if (word === "subnets") requireSubnetUnused(String(child["id"]), references);
      await rewrite(
        call,
        stamp,
        before.filter((one) => one !== child),
      );
      return { status: 200 };
    },
  };
}
