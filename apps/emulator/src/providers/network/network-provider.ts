import type { Provider, QuotaCount, ResourceType, StampServices } from "../../arm/provider.ts";
import { presentUsage } from "../../core/quota.ts";
import type { StampConfig } from "../../core/stamp-config.ts";
import { createDnsTypes } from "../dns/dns-zones.ts";
import {
  loadBalancerType,
  networkInterfaceType,
  publicAddressType,
  routeTableType,
  securityGroupType,
  virtualNetworkType,
} from "./back-references.ts";
import { createChildType } from "./child-types.ts";
import { asObject, asObjects, refId } from "./json-shape.ts";
import { loadBalancerRules } from "./load-balancers.ts";
import { networkInterfaceRules } from "./network-interfaces.ts";
import { createNetworkType, type NetworkTypeRules } from "./network-type.ts";
import { ensureAddress, publicAddressRules } from "./public-addresses.ts";
import { routeTableRules } from "./route-tables.ts";
import { securityGroupRules } from "./security-groups.ts";
import { virtualNetworkRules } from "./virtual-networks.ts";

/** What network-differences lists: the monthly versions of 2018 but September, and two of 2017. */
const networkVersions: readonly string[] = [
  "2018-11-01",
  "2018-10-01",
  "2018-08-01",
  "2018-07-01",
  "2018-06-01",
  "2018-05-01",
  "2018-04-01",
  "2018-03-01",
  "2018-02-01",
  "2018-01-01",
  "2017-11-01",
  "2017-10-01",
  "2015-06-15",
];

/** Default limits of the quota documentation of 2020. */
const limits: readonly (readonly [string, string, string, number])[] = [
  ["VirtualNetworks", "Virtual Networks", virtualNetworkType, 50],
  ["PublicIPAddresses", "Public IP Addresses", publicAddressType, 50],
  ["NetworkInterfaces", "Network Interfaces", networkInterfaceType, 100],
  ["LoadBalancers", "Load Balancers", loadBalancerType, 50],
  ["NetworkSecurityGroups", "Network Security Groups", securityGroupType, 50],
  ["RouteTables", "Route Tables", routeTableType, 100],
];

function usage(subscriptionId: string, stamp: StampServices): readonly QuotaCount[] {
  return limits.map(([name, localizedName, type, limit]) => ({
    name,
    localizedName,
    unit: "Count",
    current: stamp.resources.list(type, `/subscriptions/${subscriptionId}`).length,
    limit,
  }));
}

/** A type whose configurations may name public addresses: dynamic ones are given out once it is kept. */
function usingPublicAddresses(rules: NetworkTypeRules, word: string, poolSize: number): ResourceType {
  const type = createNetworkType(rules);
  return {
    ...type,
    put: async (call, stamp) => {
      if (type.put === undefined) throw new Error(`${rules.type} cannot be written`);
      const reply = await type.put(call, stamp);
      for (const configuration of asObjects(stamp.resources.get(call.id)?.properties[word])) {
        await ensureAddress(stamp, refId(asObject(configuration["properties"])["publicIPAddress"]), poolSize);
      }
      return reply;
    },
  };
}

function locationTypes(config: StampConfig): readonly ResourceType[] {
  return [
    {
      type: "Microsoft.Network/locations/usages",
      apiVersions: networkVersions,
      list: async (call, stamp) =>
        usage(call.subscriptionId, stamp).map((count) => ({
          ...presentUsage({ ...count, limit: config.quotas[count.name] ?? count.limit }),
          id: `${call.id}/usages/${count.name}`,
        })),
    },
    {
      type: "Microsoft.Network/locations/CheckDnsNameAvailability",
      apiVersions: networkVersions,
      actions: {
        CheckDnsNameAvailability: async (call, stamp) => {
          const label = call.query.get("domainNameLabel");
          const isTaken = stamp.resources
            .list(publicAddressType, "")
            .some((one) => asObject(one.properties["dnsSettings"])["domainNameLabel"] === label);
          return { status: 200, body: { available: !isTaken } };
        },
      },
    },
  ];
}

/** Microsoft.Network: what a VM is connected by, and the stamp's own DNS zones. */
export function createNetworkProvider(config: StampConfig): Provider {
  const network = virtualNetworkRules(networkVersions);
  const group = securityGroupRules(networkVersions);
  const table = routeTableRules(networkVersions);
  const nic = networkInterfaceRules(networkVersions);
  const balancer = loadBalancerRules(networkVersions, config.build);
  const poolSize = config.publicIpPoolSize;
  return {
    namespace: "Microsoft.Network",
    usage,
    types: [
      createNetworkType(network),
      createChildType(network, "subnets", true),
      ...(config.build >= 2008 ? [createChildType(network, "virtualNetworkPeerings", true)] : []),
      usingPublicAddresses(nic, "ipConfigurations", poolSize),
      createChildType(nic, "ipConfigurations", false),
      createNetworkType(group),
      createChildType(group, "securityRules", true),
      createChildType(group, "defaultSecurityRules", false),
      createNetworkType(publicAddressRules(networkVersions, poolSize)),
      usingPublicAddresses(balancer, "frontendIPConfigurations", poolSize),
      ...["frontendIPConfigurations", "backendAddressPools", "probes", "loadBalancingRules"].map((word) =>
        createChildType(balancer, word, false),
      ),
      createChildType(balancer, "inboundNatRules", true),
      createNetworkType(table),
      createChildType(table, "routes", true),
      ...locationTypes(config),
      ...createDnsTypes(),
    ],
  };
}
