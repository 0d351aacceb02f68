import type { Inventory } from "../inventory/inventory.ts";
import type { VmConfiguration } from "../inventory/vm.ts";

/** One way to say which VMs belong to an application. */
export type VmSelector =
  /** The key in any case, as the platform compares it; the value exactly, or any value without one. */
  | { readonly kind: "tag"; readonly key: string; readonly value?: string }
  | { readonly kind: "resource-group"; readonly name: string }
  /** `*` stands for any characters and `?` for one; case does not count. */
  | { readonly kind: "name-pattern"; readonly pattern: string }
  /** ARM ids, or `group/name`. */
  | { readonly kind: "list"; readonly vms: readonly string[] };

/** A named set of VMs that is of use to somebody only as a whole. */
export interface Application {
  readonly name: string;
  readonly owner: string;
  /** 1 is recovered first. */
  readonly priority: number;
  /** A VM belongs where any selector takes it. */
  readonly selectors: readonly VmSelector[];
  /** Only VMs of these stamps; all stamps without it. */
  readonly stampNames?: readonly string[];
  /** Names of applications that have to run before this one is of use. */
  readonly dependsOn: readonly string[];
}

/** A VM, and the stamp that it was found on. */
export interface PlacedVm {
  readonly stampName: string;
  readonly vm: VmConfiguration;
}

/** The VMs of several inventories, each with its stamp. */
export function placedVms(inventories: readonly Inventory[]): readonly PlacedVm[] {
  return inventories.flatMap(({ stampName, vms }) => vms.map((vm) => ({ stampName, vm })));
}

/** What a VM is called across stamps, in lower case: two stamps may hold the same ARM id. */
export function placedVmKey({ stampName, vm }: PlacedVm): string {
  return `${stampName} ${vm.id}`.toLowerCase();
}
