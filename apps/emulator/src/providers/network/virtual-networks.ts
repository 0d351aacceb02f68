import { ArmError } from "../../arm/provider.ts";
import { type BackReferences, virtualNetworkType } from "./back-references.ts";
import { requireReference, settleEmbedded, without } from "./embedded.ts";
import { type Ipv4Block, isInside, overlaps, parsePrefix } from "./ipv4.ts";
import { asObject, asObjects, asText, given, type JsonObject, refId } from "./json-shape.ts";
import type { NetworkTypeRules, NetworkWrite } from "./network-type.ts";

function requirePrefix(text: unknown, what: string): Ipv4Block {
  const block = typeof text === "string" ? parsePrefix(text) : undefined;
  if (block !== undefined) return block;
  throw new ArmError(
    400,
    "InvalidAddressPrefixFormat",
    `Address prefix ${JSON.stringify(text)} of ${what} is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24.`,
  );
}

function settleSubnets(write: NetworkWrite, space: readonly Ipv4Block[]): readonly JsonObject[] {
  const blocks: Ipv4Block[] = [];
  return settleEmbedded(write, "subnets", write.properties["subnets"], (properties, item) => {
    const name = String(item["name"]);
    const block = requirePrefix(properties["addressPrefix"], `subnet ${name}`);
    if (!space.some((one) => isInside(block, one))) {
      throw new ArmError(
        400,
        "NetcfgInvalidSubnet",
        `Subnet '${name}' is not valid in virtual network '${write.name}'.`,
      );
    }
    if (blocks.some((one) => overlaps(one, block))) {
      throw new ArmError(
        400,
        "NetcfgSubnetRangesOverlap",
        `Subnet '${name}' is not valid because its IP address range overlaps with that of an existing subnet in virtual network '${write.name}'.`,
      );
    }
    blocks.push(block);
    if (asObjects(properties["serviceEndpoints"]).length > 0) {
      throw new ArmError(400, "InvalidRequestFormat", "Service endpoints are not supported on this stamp.");
    }
    requireReference(write, refId(properties["networkSecurityGroup"]));
    requireReference(write, refId(properties["routeTable"]));
    return without(properties, "ipConfigurations", "provisioningState", "serviceEndpoints");
  });
}

function requireSubnetsKept(write: NetworkWrite, subnets: readonly JsonObject[]): void {
  for (const old of asObjects(write.known?.properties["subnets"])) {
    const id = String(old["id"]);
    const kept = subnets.find((one) => String(one["id"]).toLowerCase() === id.toLowerCase());
    const isMoved = asObject(kept?.["properties"])["addressPrefix"] !== asObject(old["properties"])["addressPrefix"];
    if (kept === undefined || isMoved) requireSubnetUnused(id, write.references, kept === undefined);
  }
}

export function requireSubnetUnused(id: string, references: BackReferences, isDeletion = true): void {
  const [user] = references.configurationsOf(id);
  if (user === undefined) return;
  const [code, verb] = isDeletion
    ? ["InUseSubnetCannotBeDeleted", "deleted"]
    : ["InUseSubnetCannotBeUpdated", "updated"];
  throw new ArmError(
    400,
    code ?? "",
    `Subnet ${id.split("/").at(-1)} is in use by ${user} and cannot be ${verb}. In order to change the subnet, delete all the resources within the subnet.`,
  );
}

function settle(write: NetworkWrite): JsonObject {
  const prefixes = asObject(write.properties["addressSpace"])["addressPrefixes"];
  const space = (Array.isArray(prefixes) ? prefixes : []).map((one) => requirePrefix(one, "the virtual network"));
  if (space.length === 0) {
    throw new ArmError(400, "InvalidRequestFormat", "A virtual network needs at least one address prefix.");
  }
  const subnets = settleSubnets(write, space);
  requireSubnetsKept(write, subnets);
  return {
    addressSpace: { addressPrefixes: prefixes },
    ...given("dhcpOptions", write.properties["dhcpOptions"]),
    subnets,
    virtualNetworkPeerings: settleEmbedded(write, "virtualNetworkPeerings", write.properties["virtualNetworkPeerings"]),
    enableDdosProtection: false,
    enableVmProtection: false,
  };
}

/** A subnet with the IP configurations that live in it. */
export function showSubnet(subnet: JsonObject, references: BackReferences): JsonObject {
  const users = references.configurationsOf(asText(subnet["id"]) ?? "");
  if (users.length === 0) return subnet;
  return {
    ...subnet,
    properties: { ...asObject(subnet["properties"]), ipConfigurations: users.map((id) => ({ id })) },
  };
}

export function virtualNetworkRules(apiVersions: readonly string[]): NetworkTypeRules {
  return {
    type: virtualNetworkType,
    apiVersions,
    members: [
      "addressSpace",
      "dhcpOptions",
      "subnets",
      "virtualNetworkPeerings",
      "resourceGuid",
      "provisioningState",
      "enableDdosProtection",
      "enableVmProtection",
      "ddosProtectionPlan",
    ],
    hasSku: false,
    quota: "VirtualNetworks",
    settle,
    show: ({ properties }, references) => ({
      subnets: asObjects(properties["subnets"]).map((subnet) => showSubnet(subnet, references)),
    }),
    requireUnused: ({ properties }, references) => {
      for (const subnet of asObjects(properties["subnets"])) requireSubnetUnused(String(subnet["id"]), references);
    },
  };
}
