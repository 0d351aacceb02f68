import { ArmError, type StampServices } from "../../arm/provider.ts";
import type { ArmResource } from "../../arm/resource.ts";
import { type BackReferences, loadBalancerType, networkInterfaceType } from "./back-references.ts";
import { requireReference, settleEmbedded, without } from "./embedded.ts";
import { asObject, asObjects, asText, type JsonObject, refId, refIds } from "./json-shape.ts";
import type { NetworkTypeRules, NetworkWrite } from "./network-type.ts";
import { planPrivateAddresses } from "./private-addresses.ts";

/** Lists embedded in a load balancer, and which members of their entries are read-only. */
const embeddedLists = [
  "backendAddressPools",
  "probes",
  "loadBalancingRules",
  "inboundNatRules",
  "inboundNatPools",
  "outboundRules",
] as const;
const readOnly = [
  "provisioningState",
  "backendIPConfigurations",
  "loadBalancingRules",
  "inboundNatRules",
  "outboundRule",
  "outboundRules",
  "backendIPConfiguration",
  "inboundNatPools",
];

function settleFrontends(write: NetworkWrite): readonly JsonObject[] {
  const plan = planPrivateAddresses(write);
  const before = asObjects(write.known?.properties["frontendIPConfigurations"]);
  return settleEmbedded(
    write,
    "frontendIPConfigurations",
    write.properties["frontendIPConfigurations"],
    (properties, item) => {
      const subnetId = refId(properties["subnet"]);
      const publicId = refId(properties["publicIPAddress"]);
      requireReference(write, subnetId);
      requireReference(write, publicId);
      if (subnetId === undefined) {
        return {
          ...without(properties, ...readOnly, "subnet", "privateIPAddress"),
          privateIPAllocationMethod: asText(properties["privateIPAllocationMethod"]) ?? "Dynamic",
          ...(publicId === undefined ? {} : { publicIPAddress: { id: publicId } }),
        };
      }
      const old = asObject(before.find((one) => one["name"] === item["name"])?.["properties"]);
      const assigned = plan.assign(subnetId, properties, asText(old["privateIPAddress"]));
      return {
        ...without(properties, ...readOnly),
        privateIPAddress: assigned.address,
        privateIPAllocationMethod: assigned.method,
        subnet: { id: subnetId },
      };
    },
  );
}

function requireOwnReferences(settled: Readonly<Record<string, readonly JsonObject[]>>): void {
  const known = new Set(Object.values(settled).flatMap((list) => list.map((one) => String(one["id"]).toLowerCase())));
  for (const rule of settled["loadBalancingRules"] ?? []) {
    const properties = asObject(rule["properties"]);
    for (const word of ["frontendIPConfiguration", "backendAddressPool", "probe"]) {
      const id = refId(properties[word]);
      if (id !== undefined && !known.has(id.toLowerCase())) {
        throw new ArmError(
          400,
          "InvalidResourceReference",
          `Resource ${id} referenced by resource ${String(rule["id"])} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`,
        );
      }
    }
    if (properties["enableFloatingIP"] === true && properties["frontendPort"] !== properties["backendPort"]) {
      throw new ArmError(
        400,
        "FloatingIPMustHaveEqualPorts",
        "Floating IP needs equal frontend and backend ports on this stamp.",
      );
    }
  }
}

function settle(write: NetworkWrite, build: number): JsonObject {
  const sku = asText(write.sku?.["name"]) ?? "Basic";
  if (sku !== "Basic" && !(sku === "Standard" && build >= 2311)) {
    throw new ArmError(400, "InvalidSku", `SKU '${sku}' of load balancers is not supported on this stamp.`);
  }
  const settled: Record<string, readonly JsonObject[]> = { frontendIPConfigurations: settleFrontends(write) };
  for (const word of embeddedLists) {
    settled[word] = settleEmbedded(write, word, write.properties[word], (properties) =>
      without(properties, ...readOnly),
    );
  }
  requireOwnReferences(settled);
  return settled;
}

/** The rules that name a front end, a pool or a probe. */
function rulesNaming(properties: JsonObject, word: string, id: string): readonly JsonObject[] {
  return asObjects(properties["loadBalancingRules"])
    .filter((rule) => refId(asObject(rule["properties"])[word])?.toLowerCase() === id.toLowerCase())
    .map((rule) => ({ id: rule["id"] }));
}

function show({ properties }: ArmResource, references: BackReferences): JsonObject {
  const withRules = (list: string, word: string): readonly JsonObject[] =>
    asObjects(properties[list]).map((one) => {
      const id = String(one["id"]);
      const rules = rulesNaming(properties, word, id);
      const users = list === "backendAddressPools" ? references.configurationsOf(id) : [];
      return {
        ...one,
        properties: {
          ...asObject(one["properties"]),
          ...(rules.length > 0 ? { loadBalancingRules: rules } : {}),
          ...(users.length > 0 ? { backendIPConfigurations: users.map((user) => ({ id: user })) } : {}),
        },
      };
    });
  return {
    frontendIPConfigurations: withRules("frontendIPConfigurations", "frontendIPConfiguration"),
    backendAddressPools: withRules("backendAddressPools", "backendAddressPool"),
    probes: withRules("probes", "probe"),
  };
}

/** Takes the pools of a load balancer that is gone out of the NICs that named them. */
async function forget(balancer: ArmResource, stamp: StampServices): Promise<void> {
  const prefix = `${balancer.id}/`.toLowerCase();
  for (const nic of stamp.resources.list(networkInterfaceType, "")) {
    const configurations = asObjects(nic.properties["ipConfigurations"]);
    const words = ["loadBalancerBackendAddressPools", "loadBalancerInboundNatRules"];
    const isMember = (one: JsonObject, word: string): boolean =>
      refIds(asObject(one["properties"])[word]).some((id) => id.toLowerCase().startsWith(prefix));
    if (!configurations.some((one) => words.some((word) => isMember(one, word)))) continue;
    const ipConfigurations = configurations.map((one) => {
      const properties = { ...asObject(one["properties"]) };
      for (const word of words) {
        const left = asObjects(properties[word]).filter((pool) => !refId(pool)?.toLowerCase().startsWith(prefix));
        if (properties[word] !== undefined) properties[word] = left;
      }
      return { ...one, properties };
    });
    await stamp.resources.put({ ...nic, properties: { ...nic.properties, ipConfigurations } });
  }
}

export function loadBalancerRules(apiVersions: readonly string[], build: number): NetworkTypeRules {
  return {
    type: loadBalancerType,
    apiVersions,
    members: ["frontendIPConfigurations", ...embeddedLists, "resourceGuid", "provisioningState"],
    hasSku: true,
    quota: "LoadBalancers",
    settle: (write) => settle(write, build),
    show,
    forget,
  };
}
