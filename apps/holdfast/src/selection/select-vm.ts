import type { Inventory, RecoveryPoint, VmConfiguration } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import { nearestNames } from "./nearest-names.ts";

export interface SelectedVm {
  readonly stampName: string;
  readonly vm: VmConfiguration;
}

/**
 * Finds a VM by name, `group/name` or ARM id, without regard to case. Raises `cli.vm.ambiguous` with the full forms to
 * choose from, and `cli.vm.not-found` with the nearest names.
 */
export function selectVm(typed: string, inventories: readonly Inventory[]): SelectedVm {
  const all = inventories.flatMap(({ stampName, vms }) => vms.map((vm) => ({ stampName, vm })));
  const wanted = typed.toLowerCase();
  const isAsked = ({ vm }: SelectedVm): boolean => {
    if (wanted.startsWith("/")) return vm.id.toLowerCase() === wanted;
    if (wanted.includes("/")) return `${vm.resourceGroup}/${vm.name}`.toLowerCase() === wanted;
    return vm.name.toLowerCase() === wanted;
  };
  const found = all.filter(isAsked);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (found.length > 1) throw ambiguousVm(typed, found);
  const names = all.map(({ vm }) => (wanted.includes("/") ? `${vm.resourceGroup}/${vm.name}` : vm.name));
  throw unknownVm(typed, inventories, nearestNames(typed, names));
}

/**
 * Raises `cli.vm.not-found` for a VM that is neither in an inventory nor in a point. One that is known and has no point
 * is no mistake.
 */
export function refuseUnknownVm(
  typed: string,
  points: readonly RecoveryPoint[],
  inventories: readonly Inventory[],
): void {
  const wanted = typed.toLowerCase();
  const vms = [...points.map(({ instance }) => instance), ...inventories.flatMap((inventory) => inventory.vms)];
  const forms = vms.map(({ id, name, resourceGroup }) => [name, `${resourceGroup}/${name}`, id]);
  if (forms.some((known) => known.some((form) => form.toLowerCase() === wanted))) return;
  const names = forms.map(([name, longName]) => (wanted.includes("/") ? longName! : name!));
  throw unknownVm(typed, inventories, nearestNames(typed, names));
}

function ambiguousVm(typed: string, found: readonly SelectedVm[]): HoldfastError {
  const forms = found.map(({ stampName, vm }) => `${vm.resourceGroup}/${vm.name} on ${stampName}`);
  return new HoldfastError({
    code: "cli.vm.ambiguous",
    message: `${typed} names ${found.length} VMs: ${forms.join(", ")}`,
    advice: "Give the resource group, as in group/name, and the stamp by --stamp.",
    details: { name: typed, count: found.length },
  });
}

function unknownVm(typed: string, inventories: readonly Inventory[], near: readonly string[]): HoldfastError {
  const stamps = inventories.map(({ stampName }) => stampName).join(", ");
  return new HoldfastError({
    code: "cli.vm.not-found",
    message: `there is no VM ${typed} on ${stamps === "" ? "any stamp that was discovered" : stamps}`,
    advice:
      near.length > 0
        ? `Did you mean ${near.join(" or ")}? \`holdfast vms\` lists them all.`
        : "Run `holdfast discover`, then `holdfast vms` to see what there is.",
    details: { name: typed },
  });
}
