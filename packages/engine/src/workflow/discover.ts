import type { Inventory, VmConfiguration } from "@holdfast/domain";
import { callOptions } from "./workflow.ts";
import type { StampDeps, WorkflowOptions } from "./workflow.ts";

/** Reads what the stamp holds and keeps it. A list that fails raises, and the old inventory stays. */
export async function discover(
  deps: Pick<StampDeps, "stamp" | "records">,
  options: WorkflowOptions = {},
): Promise<Inventory> {
  options.onProgress?.({ phase: "discover", subject: deps.stamp.name });
  const inventory = await deps.stamp.takeInventory(callOptions(options));
  await deps.records.saveInventory(inventory);
  return inventory;
}

/** One VM with the names that a list shows beside it. */
export interface ListedVm {
  readonly vm: VmConfiguration;
  readonly availabilitySetName: string | null;
  readonly scaleSetName: string | null;
}

/** The VMs of an inventory, by resource group and name. */
export function listVms(inventory: Inventory): ListedVm[] {
  const nameOf = (sets: readonly { readonly id: string; readonly name: string }[], id: string | null): string | null =>
    id === null ? null : (sets.find((set) => set.id.toLowerCase() === id.toLowerCase())?.name ?? id);
  return inventory.vms
    .map((vm) => ({
      vm,
      availabilitySetName: nameOf(inventory.availabilitySets, vm.availabilitySetId),
      scaleSetName: nameOf(inventory.scaleSets, vm.scaleSetId),
    }))
    .toSorted((a, b) => sortKey(a.vm).localeCompare(sortKey(b.vm), "en"));
}

function sortKey(vm: VmConfiguration): string {
  return `${vm.resourceGroup}/${vm.name}`.toLowerCase();
}
