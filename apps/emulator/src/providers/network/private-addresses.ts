import { ArmError } from "../../arm/provider.ts";
import { loadBalancerType, networkInterfaceType } from "./back-references.ts";
import { findEmbedded } from "./embedded.ts";
import { firstFree, formatAddress, parseAddress, parsePrefix, usableBlock } from "./ipv4.ts";
import { asObject, asObjects, asText, type JsonObject, refId } from "./json-shape.ts";
import type { NetworkWrite } from "./network-type.ts";

/** Every private address in a subnet, with the IP configuration that holds it; but for those of one resource. */
function takenAddresses(write: NetworkWrite, subnetId: string): Map<number, string> {
  const taken = new Map<number, string>();
  const scope = `/subscriptions/${write.subscriptionId}`;
  const lists: readonly (readonly [string, string])[] = [
    [networkInterfaceType, "ipConfigurations"],
    [loadBalancerType, "frontendIPConfigurations"],
  ];
  for (const [type, word] of lists) {
    for (const resource of write.stamp.resources.list(type, scope)) {
      if (resource.id.toLowerCase() === write.id.toLowerCase()) continue;
      for (const configuration of asObjects(resource.properties[word])) {
        const properties = asObject(configuration["properties"]);
        if (refId(properties["subnet"])?.toLowerCase() !== subnetId.toLowerCase()) continue;
        const address = parseAddress(asText(properties["privateIPAddress"]) ?? "");
        if (address !== undefined) taken.set(address, String(configuration["id"]));
      }
    }
  }
  return taken;
}

function requireStatic(text: string, prefix: string, taken: ReadonlyMap<number, string>): number {
  const block = parsePrefix(prefix);
  const address = parseAddress(text);
  if (block === undefined || address === undefined || address < block.first || address >= block.end) {
    throw new ArmError(
      400,
      "PrivateIPAddressNotInSubnet",
      `Private static IP address ${text} does not belong to the range of subnet prefix ${prefix}.`,
    );
  }
  const usable = usableBlock(block);
  if (address < usable.first || address >= usable.end) {
    throw new ArmError(
      400,
      "PrivateIPAddressInReservedRange",
      `Private static IP address ${text} falls within reserved IP range of subnet prefix ${prefix}.`,
    );
  }
  const holder = taken.get(address);
  if (holder !== undefined) {
    throw new ArmError(
      400,
      "PrivateIPAddressIsAllocated",
      `IP configuration ${holder} is using the private IP address ${text} which is already allocated to resource ${holder}.`,
    );
  }
  return address;
}

/** Decides the addresses of a resource's configurations, one after another. */
export interface PrivateAddressPlan {
  /** `before` is the address that the configuration had, kept where it is still good. Throws ArmError. */
  assign(
    subnetId: string,
    properties: JsonObject,
    before: string | undefined,
  ): { readonly address: string; readonly method: string };
}

export function planPrivateAddresses(write: NetworkWrite): PrivateAddressPlan {
  const bySubnet = new Map<string, Map<number, string>>();
  return {
    assign: (subnetId, properties, before) => {
      const key = subnetId.toLowerCase();
      const taken = bySubnet.get(key) ?? takenAddresses(write, subnetId);
      bySubnet.set(key, taken);
      const subnet = findEmbedded(write, subnetId);
      const prefix = String(asObject(subnet?.["properties"])["addressPrefix"]);
      const method = asText(properties["privateIPAllocationMethod"]) === "Static" ? "Static" : "Dynamic";
      const wanted = method === "Static" ? asText(properties["privateIPAddress"]) : undefined;
      if (method === "Static" && wanted === undefined) {
        throw new ArmError(
          400,
          "StaticIPAddressMissing",
          `Resource ${write.id} uses static allocation but gives no private IP address.`,
        );
      }
      const block = parsePrefix(prefix);
      const usable = block === undefined ? { first: 0, end: 0 } : usableBlock(block);
      const kept = parseAddress(before ?? "");
      const isKeptGood = kept !== undefined && kept >= usable.first && kept < usable.end && !taken.has(kept);
      const dynamic = isKeptGood ? kept : firstFree(usable, new Set(taken.keys()));
      const address = wanted === undefined ? dynamic : requireStatic(wanted, prefix, taken);
      if (address === undefined) {
        throw new ArmError(
          400,
          "SubnetIsFull",
          `Subnet ${subnetId.split("/").at(-1)} with address prefix ${prefix} does not have enough capacity for 1 IP addresses.`,
        );
      }
      taken.set(address, write.id);
      return { address: formatAddress(address), method };
    },
  };
}
