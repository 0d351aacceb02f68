import type { Catalog } from "@holdfast/catalog";
import type { Output } from "../cli/output.ts";
import { loadInventories } from "../commands/vms.ts";
import { applicationsFromPolicies, loadPolicySet } from "./applications-from-policies.ts";
import { applicationsFromTags } from "./applications-from-tags.ts";
import { nearestNames } from "./nearest-names.ts";

/**
 * Says so where no VM of the last inventories belongs to an application: a misspelt name would get records of its own. It
 * is no error, since objectives may be agreed before the VMs are made.
 */
export async function noteUnknownApplication(
  catalog: Catalog,
  name: string,
  tag: string,
  output: Output,
): Promise<void> {
  const inventories = await loadInventories(catalog);
  const reading = { tag, rtoMs: undefined, rpoMs: undefined, nowMs: 0 };
  const names = [
    ...applicationsFromTags(inventories, reading).applications.map((one) => one.name),
    ...applicationsFromPolicies(await loadPolicySet(catalog), 0).applications.map((one) => one.name),
    ...(await catalog.loadDecisions()).keys(),
  ];
  if (names.includes(name)) return;
  const near = nearestNames(name, names);
  const hint = near.length > 0 ? ` Did you mean ${near.join(" or ")}?` : "";
  output.note(
    `No VM that is known has the tag ${tag}=${name}, no policy names ${name}, and nothing is recorded of it.${hint}`,
  );
}
