import type { ResourceStore } from "../../arm/resource.ts";
import { asObject, asObjects, refId, refIds } from "./json-shape.ts";

/** Who points at whom, in the direction that resources do not store: the platform shows it read-only. */
export interface BackReferences {
  /** VM that a NIC is plugged into. */
  vmOfNic(nicId: string): string | undefined;
  /** IP configurations of NICs and load balancers that use a subnet, a public address or a backend pool. */
  configurationsOf(id: string): readonly string[];
  /** NICs or subnets that use a security group or a route table. */
  usersOf(id: string): readonly { readonly kind: "nic" | "subnet"; readonly id: string }[];
}

type User = { readonly kind: "nic" | "subnet"; readonly id: string };

class MultiMap<T> {
  readonly #items = new Map<string, T[]>();

  add(key: string | undefined, item: T): void {
    if (key === undefined) return;
    const folded = key.toLowerCase();
    this.#items.set(folded, [...(this.#items.get(folded) ?? []), item]);
  }

  get(key: string): readonly T[] {
    return this.#items.get(key.toLowerCase()) ?? [];
  }
}

export const networkInterfaceType = "Microsoft.Network/networkInterfaces";
export const virtualNetworkType = "Microsoft.Network/virtualNetworks";
export const loadBalancerType = "Microsoft.Network/loadBalancers";
export const publicAddressType = "Microsoft.Network/publicIPAddresses";
export const securityGroupType = "Microsoft.Network/networkSecurityGroups";
export const routeTableType = "Microsoft.Network/routeTables";

/** Reads all of a subscription's references in one pass; build it once per call. */
export function readBackReferences(resources: ResourceStore, scope: string): BackReferences {
  const vms = new Map<string, string>();
  const configurations = new MultiMap<string>();
  const users = new MultiMap<User>();
  for (const vm of resources.list("Microsoft.Compute/virtualMachines", scope)) {
    for (const nicId of refIds(asObject(vm.properties["networkProfile"])["networkInterfaces"])) {
      vms.set(nicId.toLowerCase(), vm.id);
    }
  }
  for (const nic of resources.list(networkInterfaceType, scope)) {
    users.add(refId(nic.properties["networkSecurityGroup"]), { kind: "nic", id: nic.id });
    for (const configuration of asObjects(nic.properties["ipConfigurations"])) {
      const id = String(configuration["id"]);
      const properties = asObject(configuration["properties"]);
      configurations.add(refId(properties["subnet"]), id);
      configurations.add(refId(properties["publicIPAddress"]), id);
      for (const poolId of refIds(properties["loadBalancerBackendAddressPools"])) configurations.add(poolId, id);
    }
  }
  for (const balancer of resources.list(loadBalancerType, scope)) {
    for (const frontend of asObjects(balancer.properties["frontendIPConfigurations"])) {
      const properties = asObject(frontend["properties"]);
      configurations.add(refId(properties["subnet"]), String(frontend["id"]));
      configurations.add(refId(properties["publicIPAddress"]), String(frontend["id"]));
    }
  }
  for (const network of resources.list(virtualNetworkType, scope)) {
    for (const subnet of asObjects(network.properties["subnets"])) {
      const properties = asObject(subnet["properties"]);
      const user: User = { kind: "subnet", id: String(subnet["id"]) };
      users.add(refId(properties["networkSecurityGroup"]), user);
      users.add(refId(properties["routeTable"]), user);
    }
  }
  return {
    vmOfNic: (nicId) => vms.get(nicId.toLowerCase()),
    configurationsOf: (id) => configurations.get(id),
    usersOf: (id) => users.get(id),
  };
}
