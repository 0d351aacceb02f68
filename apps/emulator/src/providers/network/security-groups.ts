import { ArmError } from "../../arm/provider.ts";
import { securityGroupType } from "./back-references.ts";
import { settleEmbedded, without } from "./embedded.ts";
import type { JsonObject } from "./json-shape.ts";
import type { NetworkTypeRules, NetworkWrite } from "./network-type.ts";

const defaultRules = [
  ["AllowVnetInBound", "VirtualNetwork", "VirtualNetwork", "Allow", 65000, "Inbound"],
  ["AllowAzureLoadBalancerInBound", "AzureLoadBalancer", "*", "Allow", 65001, "Inbound"],
  ["DenyAllInBound", "*", "*", "Deny", 65500, "Inbound"],
  ["AllowVnetOutBound", "VirtualNetwork", "VirtualNetwork", "Allow", 65000, "Outbound"],
  ["AllowInternetOutBound", "*", "Internet", "Allow", 65001, "Outbound"],
  ["DenyAllOutBound", "*", "*", "Deny", 65500, "Outbound"],
] as const;

/** The six rules that every group ends with. */
function defaultSecurityRules(groupId: string): readonly JsonObject[] {
  return defaultRules.map(([name, sourceAddressPrefix, destinationAddressPrefix, access, priority, direction]) => ({
    name,
    id: `${groupId}/defaultSecurityRules/${name}`,
    properties: {
      provisioningState: "Succeeded",
      protocol: "*",
      sourcePortRange: "*",
      destinationPortRange: "*",
      sourceAddressPrefix,
      destinationAddressPrefix,
      access,
      priority,
      direction,
    },
  }));
}

function badRule(name: string, text: string): ArmError {
  return new ArmError(400, "SecurityRuleInvalid", `Security rule ${name} is not valid: ${text}`);
}

function settle(write: NetworkWrite): JsonObject {
  const taken = new Map<string, string>();
  const securityRules = settleEmbedded(
    write,
    "securityRules",
    write.properties["securityRules"],
    (properties, item) => {
      const name = String(item["name"]);
      // The hub's groups know TCP, UDP and any; no ICMP.
      if (!/^(tcp|udp|\*)$/i.test(String(properties["protocol"])))
        throw badRule(name, "the protocol must be Tcp, Udp or *.");
      const priority = Number(properties["priority"]);
      if (!Number.isInteger(priority) || priority < 100 || priority > 4096) {
        throw badRule(name, "the priority must be between 100 and 4096.");
      }
      if (!/^(allow|deny)$/i.test(String(properties["access"])))
        throw badRule(name, "the access must be Allow or Deny.");
      if (!/^(inbound|outbound)$/i.test(String(properties["direction"])))
        throw badRule(name, "the direction must be Inbound or Outbound.");
      const key = `${String(properties["direction"]).toLowerCase()} ${priority}`;
      const other = taken.get(key);
      if (other !== undefined) {
        throw new ArmError(
          400,
          "SecurityRuleConflict",
          `Security rule ${name} conflicts with rule ${other}. Rules cannot have the same Priority and Direction.`,
        );
      }
      taken.set(key, name);
      return without(properties, "provisioningState");
    },
  );
  return { securityRules, defaultSecurityRules: defaultSecurityRules(write.id) };
}

export function securityGroupRules(apiVersions: readonly string[]): NetworkTypeRules {
  return {
    type: securityGroupType,
    apiVersions,
    members: [
      "securityRules",
      "defaultSecurityRules",
      "networkInterfaces",
      "subnets",
      "resourceGuid",
      "provisioningState",
    ],
    hasSku: false,
    quota: "NetworkSecurityGroups",
    settle,
    show: ({ id }, references) => {
      const users = references.usersOf(id);
      const of = (kind: string): readonly JsonObject[] =>
        users.filter((user) => user.kind === kind).map((user) => ({ id: user.id }));
      const [networkInterfaces, subnets] = [of("nic"), of("subnet")];
      return {
        ...(networkInterfaces.length > 0 ? { networkInterfaces } : {}),
        ...(subnets.length > 0 ? { subnets } : {}),
      };
    },
    requireUnused: ({ id, name }, references) => {
      const users = references.usersOf(id);
      if (users.length === 0) return;
      const ids = users.map((user) => user.id).join(", ");
      throw new ArmError(
        400,
        "InUseNetworkSecurityGroupCannotBeDeleted",
        `Network security group ${name} cannot be deleted because it is in use by the following resources: ${ids}.`,
      );
    },
  };
}
