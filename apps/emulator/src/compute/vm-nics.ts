import type { StampServices } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import { sameId } from "./request-fields.ts";

/** The VM whose model names a NIC. Derived and not stored: the network provider shows it on the NIC in the same way. */
export function nicUser(nicId: string, stamp: StampServices): ArmResource | undefined {
  return stamp.resources.list("Microsoft.Compute/virtualMachines", "").find((vm) => {
    const { networkInterfaces } = vm.properties["networkProfile"] as { networkInterfaces: { id: string }[] };
    return networkInterfaces.some((nic) => sameId(nic.id, nicId));
  });
}
