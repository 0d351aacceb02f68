import type { PlacedVm } from "../applications/application.ts";

/** VMs in the order in which they start. */
export interface VmOrder {
  /** Those of one group start together. VMs that nobody has put in order come last, as a group of their own. */
  readonly groups: readonly (readonly PlacedVm[])[];
  /** Whether the last group is of VMs that nobody has put in order, although there is one. */
  readonly hasRest: boolean;
  /** Names of the noted order that no VM has. */
  readonly unknownNames: readonly string[];
}

/** Puts VMs in the noted order; names count in any case. A VM counts where it is named first. */
export function orderVms(vms: readonly PlacedVm[], startOrder: readonly (readonly string[])[]): VmOrder {
  const left = new Set(vms);
  const unknownNames: string[] = [];
  const groups = startOrder.map((names) =>
    names.flatMap((name) => {
      const own = vms.filter(({ vm }) => vm.name.toLowerCase() === name.toLowerCase());
      if (own.length === 0) unknownNames.push(name);
      return own.filter((placed) => left.delete(placed));
    }),
  );
  const ordered = groups.filter((group) => group.length > 0);
  const rest = [...left].toSorted((a, b) => (a.vm.name < b.vm.name ? -1 : 1));
  return {
    groups: rest.length === 0 ? ordered : [...ordered, rest],
    hasRest: rest.length > 0 && startOrder.length > 0,
    unknownNames,
  };
}
