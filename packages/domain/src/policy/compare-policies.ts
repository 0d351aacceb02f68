import type { CompiledPolicies, ProtectedVm } from "./compile-policies.ts";

/** What happens to one VM. */
export type VmChange =
  | { readonly kind: "protect"; readonly key: string; readonly application: string; readonly policy: string }
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
  /** Applications that lose the protection of a VM: applying needs consent for each by name. */
  readonly needsConsent: readonly string[];
}

/** Says what would change for which VM. A VM that is not there any more is no change: there is nothing to protect. */
export function comparePolicies(before: CompiledPolicies, after: CompiledPolicies): PolicyChanges {
  const beforeOf = new Map(before.protectedVms.map((vm) => [vm.key, vm]));
  const afterOf = new Map(after.protectedVms.map((vm) => [vm.key, vm]));
  const reasonOf = new Map(after.leftOut.map(({ key, reason }) => [key, reason]));
  const vms: VmChange[] = [];
  for (const [key, { application, policy, way }] of afterOf) {
    const was = beforeOf.get(key);
    if (was === undefined) vms.push({ kind: "protect", key, application, policy: policy.name });
    else if (was.policy.name !== policy.name)
      vms.push({ kind: "change-policy", key, application, from: was.policy.name, policy: policy.name });
    else if (was.way !== way) vms.push({ kind: "change-way", key, application, from: was.way, way });
  }
  const lost = [...beforeOf.values()].filter(({ key }) => !afterOf.has(key));
  for (const { key, application } of lost)
    vms.push({ kind: "unprotect", key, application, reason: reasonOf.get(key) ?? "it belongs to no application" });
  return { vms, needsConsent: [...new Set(lost.map(({ application }) => application))].toSorted() };
}
