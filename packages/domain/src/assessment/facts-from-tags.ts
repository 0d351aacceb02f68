import type { PlacedVm } from "../applications/application.ts";
import { tagOf } from "../applications/tag-of.ts";
import type { ApplicationFacts } from "./protection-option.ts";

/** Which tags say what an application is. */
export interface FactTags {
  /** Values `stateless`, `redeployable`, `stateful`. */
  readonly state: string;
  /** Values that begin with `dev`, `test`, `lab` or `sandbox` are development, others production. */
  readonly environment: string;
  /** The value `domain-controller` marks what may be captured although it is a member of a set. */
  readonly role: string;
}

export const usualFactTags: FactTags = { state: "state", environment: "environment", role: "role" };

/** What the tags of an application's VMs say. One VM that holds state, or is not for development, decides for all. */
export function factsFromTags(
  members: readonly PlacedVm[],
  tags: FactTags,
): Pick<ApplicationFacts, "state" | "environment"> {
  const states = members.map(({ vm }) => tagOf(vm, tags.state)?.trim().toLowerCase());
  const environments = members.map(({ vm }) => tagOf(vm, tags.environment)?.trim().toLowerCase());
  const state = joinStates(states);
  const isSaid = members.length > 0 && environments.every((one) => one !== undefined && one !== "");
  const isDevelopment = environments.every((one) => /^(dev|test|lab|sandbox)/.test(one ?? ""));
  return {
    ...(state === undefined ? {} : { state }),
    ...(isSaid ? { environment: isDevelopment ? ("development" as const) : ("production" as const) } : {}),
  };
}

/** Whether a VM is tagged as a domain controller. */
export function isDomainController({ vm }: PlacedVm, tags: FactTags): boolean {
  return tagOf(vm, tags.role)?.trim().toLowerCase() === "domain-controller";
}

function joinStates(states: readonly (string | undefined)[]): ApplicationFacts["state"] {
  if (states.includes("stateful")) return "stateful";
  if (states.length === 0 || !states.every((one) => one === "stateless" || one === "redeployable")) return undefined;
  return states.every((one) => one === "stateless") ? "stateless" : "redeployable";
}
