import { ArmError, type StampServices } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { isDeallocated } from "./disk-state.ts";
import { type Fields, sameId } from "./request-fields.ts";

/** Limits of the platform since 1901 (capacity-planning). */
const maxOfNode = 60;
const maxOfStamp = 700;

/** Where a VM runs. */
export interface Placement {
  readonly node: number;
  readonly faultDomain: number;
}

const setOf = (vm: ArmResource): unknown => (vm.properties["availabilitySet"] as Fields | undefined)?.["id"];

/** Picks the candidate with the least count; the first of equals. */
function leastUsed(candidates: readonly number[], used: readonly number[]): number {
  const count = (one: number): number => used.filter((other) => other === one).length;
  return candidates.reduce((best, one) => (count(one) < count(best) ? one : best), candidates[0] ?? 0);
}

/** Chooses a node and, within an availability set, a fault domain. Throws the platform's placement errors. */
export function placeVm(vm: ArmResource, deps: ComputeDeps, stamp: StampServices): Placement {
  const placed = stamp.resources
    .list("Microsoft.Compute/virtualMachines", "")
    .filter((one) => !sameId(one.id, vm.id) && !isDeallocated(one));
  if (placed.length >= maxOfStamp) {
    throw new ArmError(
      409,
      "VMsPerScaleUnitLimitExceeded",
      `The limit of ${maxOfStamp} VMs in the scale unit is reached.`,
    );
  }
  const nodes = Array.from({ length: deps.nodes }, (_, node) => node).filter((node) => !deps.isNodeLost(node));
  const usedNodes = placed.map((one) => one.hidden?.["node"] as number);
  const free = nodes.filter((node) => usedNodes.filter((other) => other === node).length < maxOfNode);
  if (free.length === 0) {
    throw new ArmError(
      409,
      "VMsPerScaleUnitNodeLimitExceeded",
      `The limit of ${maxOfNode} VMs on each of ${nodes.length} nodes of the scale unit is reached.`,
    );
  }
  const setId = setOf(vm);
  const set = typeof setId === "string" ? stamp.resources.get(setId) : undefined;
  if (set === undefined) return { node: leastUsed(free, usedNodes), faultDomain: 0 };
  const domains = (set.properties["platformFaultDomainCount"] as number | undefined) ?? 1;
  if (domains > nodes.length) {
    throw new ArmError(
      409,
      "FabricVmPlacementErrorUnsupportedFaultDomainSize",
      `The availability set needs ${domains} fault domains, but only ${nodes.length} nodes are available.`,
    );
  }
  const siblings = placed.filter((one) => sameId(setOf(one), set.id));
  const faultDomain = leastUsed(
    Array.from({ length: domains }, (_, domain) => domain),
    siblings.map((one) => one.hidden?.["faultDomain"] as number),
  );
  const apart = free.filter((node) => !siblings.some((one) => one.hidden?.["node"] === node));
  return { node: leastUsed(apart.length > 0 ? apart : free, usedNodes), faultDomain };
}
