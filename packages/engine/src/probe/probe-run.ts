import type { Capability } from "@holdfast/domain";
import type { RunLedger } from "../workflow/run-ledger.ts";
import { callOptions, tagsOf } from "../workflow/workflow.ts";
import type { StampDeps, WorkflowOptions } from "../workflow/workflow.ts";

export type Finding = Pick<Capability, "state" | "finding" | "provenance">;

interface ProbeParts {
  readonly deps: StampDeps & { readonly owner?: string };
  readonly ledger: RunLedger;
  readonly options: WorkflowOptions;
  readonly resourceGroup: string;
}

export interface ProbeRun extends ProbeParts {
  /** Makes or finds the probe's resource group. */
  openPlace(): Promise<ProbePlace>;
  /** Part of the names of all that this probe makes. */
  readonly shortId: string;
}

export interface ProbePlace {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
}

export function createProbeRun(parts: ProbeParts): ProbeRun {
  const { deps, ledger, options, resourceGroup } = parts;
  const call = callOptions(options);
  let isOpen = false;
  return {
    ...parts,
    shortId: ledger.runId.replaceAll("-", "").slice(0, 12),
    async openPlace() {
      const { subscriptionId } = await deps.stamp.describe(call);
      const groupId = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
      if (!isOpen) {
        const tags = tagsOf(deps, ledger.runId);
        await ledger.make("resource-group", groupId, () => deps.stamp.ensureResourceGroup(resourceGroup, tags, call));
        isOpen = true;
      }
      return { subscriptionId, resourceGroup };
    },
  };
}
