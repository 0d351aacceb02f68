import { expect, test } from "vitest";
import type { StampServices } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { placeVm } from "./vm-placement.ts";

const vm = (name: string, hidden: Record<string, unknown>): ArmResource => ({
  id: `/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/${name}`,
  name,
  type: "Microsoft.Compute/virtualMachines",
  properties: {},
  hidden,
});

/** Places one more VM beside `counts[node]` running ones on each node. */
function place(counts: readonly number[], lost: readonly number[] = []): unknown {
  const placed = counts.flatMap((count, node) =>
    Array.from({ length: count }, (_, index) => vm(`${node}-${index}`, { power: "running", node })),
  );
  const off = vm("off", { power: "deallocated", node: 0 });
  const stamp = { resources: { list: () => [...placed, off] } } as unknown as StampServices;
  const deps = { nodes: counts.length, isNodeLost: (node: number) => lost.includes(node) } as ComputeDeps;
  return placeVm(vm("new", { power: "deallocated" }), deps, stamp);
}

test("a VM goes to the node with the fewest, never to a lost or full one", () => {
  expect(place([3, 1, 2])).toEqual({ node: 1, faultDomain: 0 });
  expect(place([3, 1, 2], [1])).toEqual({ node: 2, faultDomain: 0 });
  expect(place([60, 59])).toEqual({ node: 1, faultDomain: 0 });
});

test("60 VMs fit on a node and 700 on a stamp", () => {
  expect(() => place([60, 60])).toThrow(expect.objectContaining({ code: "VMsPerScaleUnitNodeLimitExceeded" }));
  expect(() => place(Array.from({ length: 14 }, () => 50))).toThrow(
    expect.objectContaining({ code: "VMsPerScaleUnitLimitExceeded" }),
  );
});
