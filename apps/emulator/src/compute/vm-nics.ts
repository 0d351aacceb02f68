import type { StampServices } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import { type Fields, sameId } from "./request-fields.ts";

const nicType = "Microsoft.Network/networkInterfaces";

/** Ids of the NICs in a VM's model. */
function nicIds(vm: ArmResource): string[] {
  const { networkInterfaces } = vm.properties["networkProfile"] as { networkInterfaces: { id: string }[] };
  return networkInterfaces.map((nic) => nic.id);
}

async function release(nic: ArmResource, stamp: StampServices): Promise<void> {
  const { virtualMachine: _gone, ...properties } = nic.properties;
  await stamp.resources.put({ ...nic, properties });
}

function nicsOf(vm: ArmResource, stamp: StampServices): ArmResource[] {
  return stamp.resources
    .list(nicType, "")
    .filter((nic) => sameId((nic.properties["virtualMachine"] as Fields | undefined)?.["id"], vm.id));
}

/** Writes the VM into its NICs, and takes it out of those that it no longer has. */
export async function bindNics(vm: ArmResource, stamp: StampServices): Promise<void> {
  const ids = nicIds(vm);
  for (const nic of nicsOf(vm, stamp)) {
    if (!ids.some((id) => sameId(id, nic.id))) await release(nic, stamp);
  }
  for (const id of ids) {
    const nic = stamp.resources.get(id);
    if (nic !== undefined) {
      await stamp.resources.put({ ...nic, properties: { ...nic.properties, virtualMachine: { id: vm.id } } });
    }
  }
}

/** Frees all NICs of a VM that is deleted: they stay. */
export async function releaseNics(vm: ArmResource, stamp: StampServices): Promise<void> {
  for (const nic of nicsOf(vm, stamp)) await release(nic, stamp);
}
