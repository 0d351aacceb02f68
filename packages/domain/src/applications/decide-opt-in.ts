import { placedVmKey } from "./application.ts";
import type { PlacedVm } from "./application.ts";
import { tagOf } from "./tag-of.ts";

/** Ways in which a VM is opted in. VMs are never protected merely because they exist. */
export interface OptInRules {
  /** Key of the tag that opts in, such as `holdfast`; null where tags do not count. */
  readonly tagKey: string | null;
  /** What was said by command, by key of the VM: the last word. */
  readonly byCommand: ReadonlyMap<string, boolean>;
  /** Names of applications that a policy protects. */
  readonly policyApplications: ReadonlySet<string>;
}

export type OptIn =
  | { readonly isIn: true; readonly by: "command" | "tag" | "policy"; readonly reason: string }
  | { readonly isIn: false; readonly by: "command" | "tag" | "nothing"; readonly reason: string };

const refusals = new Set(["no", "none", "off", "false", "0"]);

/** Decides whether a VM is protected: a command counts before its tag, and the tag before a policy. */
export function decideOptIn(placed: PlacedVm, applicationNames: readonly string[], rules: OptInRules): OptIn {
  const said = rules.byCommand.get(placedVmKey(placed));
  if (said === true) return { isIn: true, by: "command", reason: "opted in by command" };
  if (said === false) return { isIn: false, by: "command", reason: "opted out by command" };
  const tag = rules.tagKey === null ? null : tagOf(placed.vm, rules.tagKey);
  if (tag !== null) {
    const reason = `has the tag ${rules.tagKey}=${tag}`;
    return refusals.has(tag.trim().toLowerCase())
      ? { isIn: false, by: "tag", reason }
      : { isIn: true, by: "tag", reason };
  }
  const protectedName = applicationNames.find((name) => rules.policyApplications.has(name));
  if (protectedName !== undefined)
    return { isIn: true, by: "policy", reason: `belongs to ${protectedName}, which a policy protects` };
  return { isIn: false, by: "nothing", reason: "no command, tag or policy opts it in" };
}
