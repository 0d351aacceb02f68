import { reckonFigure } from "../evidence/figure.ts";
import type { Figure } from "../evidence/figure.ts";

/** The nodes of a stamp. A tenant cannot see them: read from the operator's endpoint, or entered by hand and marked so. */
export interface StampNodes {
  readonly nodeCount: Figure;
  readonly memoryGiBPerNode: Figure;
}

/** What must run on a stamp at once, with what is there already. */
export interface NodeDemand {
  readonly vmCount: number;
  readonly memoryGiB: Figure;
  /** Memory of the largest VM: adding a larger one raises the reserve for all. */
  readonly largestVmGiB: Figure;
}

export interface NodeCapacity {
  /** GiB that VMs of tenants can have while one node is lost. */
  readonly usableGiB: Figure;
  readonly maxVms: number;
  readonly fits: boolean;
  readonly problems: readonly string[];
}

const vmsPerNode = 60;
const vmsPerStamp = 700;
const reserveShare = 0.15;

/**
 * Capacity with one node lost, by the platform's own reserve: of N nodes with H memory each and V in the largest VM,
 * H + 0.15 * (N - 1) * H + V * (N - 2) stays free, and its infrastructure takes about 242 GB and 4 GB for each node.
 * Limits of 60 VMs a node and 700 a stamp are documented; with one node lost they hold for the nodes that are left.
 */
export function judgeNodeCapacity({ nodeCount, memoryGiBPerNode }: StampNodes, demand: NodeDemand): NodeCapacity {
  const nodes = nodeCount.value;
  const each = memoryGiBPerNode.value;
  const reserve = each + reserveShare * (nodes - 1) * each + demand.largestVmGiB.value * Math.max(0, nodes - 2);
  const infrastructure = 242 + 4 * nodes;
  const documented: Figure = { value: 0, provenance: "documented", source: "capacity planning of the platform" };
  const usableGiB = reckonFigure(
    Math.max(0, nodes * each - reserve - infrastructure),
    [nodeCount, memoryGiBPerNode, demand.largestVmGiB, documented],
    "memory - resiliency reserve - infrastructure",
  );
  const maxVms = Math.max(0, Math.min(vmsPerStamp, vmsPerNode * (nodes - 1)));
  const problems: string[] = [];
  if (demand.memoryGiB.value > usableGiB.value)
    problems.push(
      `${Math.ceil(demand.memoryGiB.value)} GiB of memory needed, ${Math.floor(usableGiB.value)} with one node lost`,
    );
  if (demand.vmCount > maxVms) problems.push(`${demand.vmCount} VMs, and ${maxVms} with one node lost`);
  if (demand.largestVmGiB.value > each) problems.push("the largest VM does not fit into one node");
  return { usableGiB, maxVms, fits: problems.length === 0, problems };
}
