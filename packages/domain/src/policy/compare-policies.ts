import { isCaptured } from "./compile-policies.ts";
import type { CompiledPolicies, ProtectedVm } from "./compile-policies.ts";

/** What happens to one VM. */
export type VmChange =
  | {
      readonly kind: "protect";
      readonly key: string;
      readonly application: string;
      readonly policy: string;
      readonly way: ProtectedVm["way"];
    }
  | { readonly kind: "unprotect"; readonly key: string; readonly application: string; readonly reason: string }
  | {
      readonly kind: "change-policy";
      readonly key: string;
      readonly application: string;
      readonly from: string;
      readonly policy: string;
    }
  | {
      readonly kind: "change-way";
      readonly key: string;
      readonly application: string;
      readonly from: ProtectedVm["way"];
      readonly way: ProtectedVm["way"];
    };

export interface PolicyChanges {
  readonly vms: readonly VmChange[];
  /** Applications of which a VM leaves its policy or is captured no more: applying needs consent for each by name. */
  readonly needsConsent: readonly string[];
}

/**
 * Says what would change for which VM. One that is not there any more is no change: there is nothing to protect. One that
 * leaves its policy needs consent even where nothing captures it now: it may have been captured while it stood still.
 */
export function comparePolicies(before: CompiledPolicies, after: CompiledPolicies): PolicyChanges {
  const beforeOf = new Map(before.protectedVms.map((vm) => [vm.key, vm]));
  const afterOf = new Map(after.protectedVms.map((vm) => [vm.key, vm]));
  const reasonOf = new Map(after.leftOut.map(({ key, reason }) => [key, reason]));
  const vms: VmChange[] = [];
  for (const [key, { application, policy, way }] of afterOf) {
    const was = beforeOf.get(key);
    if (was === undefined) vms.push({ kind: "protect", key, application, policy: policy.name, way });
    else if (was.policy.name !== policy.name)
      vms.push({ kind: "change-policy", key, application, from: was.policy.name, policy: policy.name });
    if (was !== undefined && was.way !== way) vms.push({ kind: "change-way", key, application, from: was.way, way });
  }
  const lost = [...beforeOf.values()].filter(({ key }) => !afterOf.has(key));
  for (const { key, application } of lost)
    vms.push({ kind: "unprotect", key, application, reason: reasonOf.get(key) ?? "it belongs to no application" });
  const stopped = [...beforeOf.values()].filter((was) => {
    const then = afterOf.get(was.key);
    return then !== undefined && isCaptured(was) && !isCaptured(then);
  });
  return { vms, needsConsent: [...new Set([...lost, ...stopped].map(({ application }) => application))].toSorted() };
}
