import { placedVmKey, placedVms } from "../applications/application.ts";
import type { PlacedVm } from "../applications/application.ts";
import { classifyVms } from "../applications/classify-vms.ts";
import { decideCaptureWay } from "../assessment/decide-capture-way.ts";
import { factsFromTags, usualFactTags } from "../assessment/facts-from-tags.ts";
import { isWaiverValid } from "../assessment/judge-none.ts";
import type { CaptureWay } from "../assessment/protection-option.ts";
import type { Finding } from "../findings/finding.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Policy, PolicyApplication, PolicySet } from "./policy-set.ts";

/** A VM that a policy protects. Of several applications that have it, the policy with the shortest interval counts. */
export interface ProtectedVm {
  readonly key: string;
  readonly placed: PlacedVm;
  readonly application: string;
  readonly priority: number;
  /** Of its application in the policy file; null where that gives none. */
  readonly rpoMs: number | null;
  readonly policy: Policy;
  readonly way: Exclude<CaptureWay, "not-captured">;
  readonly reasons: readonly string[];
}

/** Whether this release captures a VM: there is no agent yet, and an application protects itself by means of its own. */
export function isCaptured({ way }: Pick<ProtectedVm, "way">): boolean {
  return way === "agentless";
}

/** A VM that no policy captures, and why. */
export interface LeftOutVm {
  readonly key: string;
  readonly placed: PlacedVm;
  readonly application: string;
  readonly reason: string;
}

/** What a set of policies means for the VMs that are there. */
export interface CompiledPolicies {
  readonly protectedVms: readonly ProtectedVm[];
  readonly leftOut: readonly LeftOutVm[];
  /** VMs of no application. Their count stands at the front of every report. */
  readonly unclassified: readonly PlacedVm[];
  readonly findings: readonly Finding[];
}

/** Turns policies into what happens to each VM. VMs are opted in by their application's policy; all others are named too. */
export function compilePolicies(set: PolicySet, inventories: readonly Inventory[], nowMs: number): CompiledPolicies {
  const vms = placedVms(inventories);
  const { applications, unclassified, findings } = classifyVms(set.applications, vms);
  const policyOf = new Map(set.policies.map((policy) => [policy.name, policy]));
  const chosen = new Map<string, ProtectedVm>();
  const leftOut: LeftOutVm[] = [];
  for (const { application, members } of applications) {
    const own = set.applications.find(({ name }) => name === application.name)!;
    const policy = own.policy === null ? undefined : policyOf.get(own.policy);
    for (const placed of members) {
      const one = compileVm(placed, own, policy, nowMs);
      if ("reason" in one) leftOut.push(one);
      else if ((chosen.get(one.key)?.policy.intervalMs ?? Infinity) > one.policy.intervalMs) chosen.set(one.key, one);
    }
  }
  return {
    protectedVms: [...chosen.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    leftOut: leftOut.filter(({ key }) => !chosen.has(key)),
    unclassified,
    findings,
  };
}

function compileVm(
  placed: PlacedVm,
  application: PolicyApplication,
  policy: Policy | undefined,
  nowMs: number,
): ProtectedVm | LeftOutVm {
  const key = placedVmKey(placed);
  const { name, priority, waiver } = application;
  const leave = (reason: string): LeftOutVm => ({ key, placed, application: name, reason });
  if (policy === undefined) {
    if (waiver === null) return leave("its application has no policy");
    if (!isWaiverValid(waiver, nowMs))
      return leave("its application has no policy, and its waiver has ended or is incomplete");
    return leave(`${waiver.owner} has waived its protection: ${waiver.reason}`);
  }
  const exception = application.captureExceptions.get(`${placed.vm.resourceGroup}/${placed.vm.name}`.toLowerCase());
  const { way, reasons } = decideCaptureWay(placed, {
    ...factsFromTags([placed], usualFactTags),
    consistency: policy.consistency,
    allowsRunningSnapshots: policy.runningSnapshots !== null,
    captureExceptions: new Map(exception === undefined ? [] : [[key, exception]]),
  });
  if (way === "not-captured") return leave(reasons.join(", "));
  return {
    key,
    placed,
    application: name,
    priority,
    rpoMs: application.tolerance?.rpoMs ?? null,
    policy,
    way,
    reasons,
  };
}
