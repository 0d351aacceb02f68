import type { Catalog } from "@holdfast/catalog";
import { classifyVms, placedVmKey, placedVms } from "@holdfast/domain";
import type { Inventory } from "@holdfast/domain";
import { loadPolicySet } from "./applications-from-policies.ts";
import { knownRecords } from "./known-records.ts";

/** Which VMs are captured first, and where that was read. */
export interface KnownPriorities {
  /** By key of the VM; 1 is first. A VM of several applications has the first of theirs. */
  readonly priorityOf: ReadonlyMap<string, number>;
  readonly applicationsFrom: { readonly policies: number; readonly tags: number };
}

/** Of a VM that belongs to no application. */
export const lastPriority = Number.MAX_SAFE_INTEGER;

/** Reads priorities from the policies that hold, and from tags where the file is silent. */
export async function loadPriorities(
  catalog: Catalog,
  inventories: readonly Inventory[],
  nowMs: number,
): Promise<KnownPriorities> {
  const { applications } = await knownRecords(catalog, inventories, { tag: "application", nowMs });
  const ofFile = new Set((await loadPolicySet(catalog))?.applications.map(({ name }) => name));
  const priorityOf = new Map<string, number>();
  for (const { application, members } of classifyVms(applications, placedVms(inventories)).applications)
    for (const key of members.map(placedVmKey))
      priorityOf.set(key, Math.min(application.priority, priorityOf.get(key) ?? lastPriority));
  const policies = applications.filter(({ name }) => ofFile.has(name)).length;
  return { priorityOf, applicationsFrom: { policies, tags: applications.length - policies } };
}
