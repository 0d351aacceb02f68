import { HoldfastError } from "@holdfast/kernel";

/** The parts of a resource's ARM id, as the stamp spells them. ARM compares ids without regard to case. */
export interface ArmId {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** `Microsoft.Compute/disks`, nested types with a slash. */
  readonly type: string;
  readonly name: string;
}

/** Reads `/subscriptions/<s>/resourceGroups/<g>/providers/<namespace>/<type>/<name>[/<type>/<name>…]`. */
export function parseArmId(id: string): ArmId {
  const parts = id.split("/");
  const [empty, subscriptions, subscriptionId, groups, resourceGroup, providers, namespace, ...rest] = parts;
  const isWellFormed =
    empty === "" &&
    subscriptions?.toLowerCase() === "subscriptions" &&
    groups?.toLowerCase() === "resourcegroups" &&
    providers?.toLowerCase() === "providers" &&
    rest.length >= 2 &&
    rest.length % 2 === 0 &&
    parts.slice(1).every((part) => /^[\w.()$-]+$/u.test(part) && part !== "." && part !== "..");
  if (!isWellFormed) {
    throw new HoldfastError({
      code: "stackhub.arm.bad-id",
      message: `${JSON.stringify(id.slice(0, 200))} is not the id of a resource`,
      advice: "Give the whole id, /subscriptions/…/resourceGroups/…/providers/…; 'holdfast vms' lists them.",
    });
  }
  return {
    subscriptionId: subscriptionId!,
    resourceGroup: resourceGroup!,
    type: [namespace!, ...rest.filter((_, index) => index % 2 === 0)].join("/"),
    name: rest.at(-1)!,
  };
}

/** The form in which ids are compared and used as keys. */
export function armKey(id: string): string {
  return id.toLowerCase().replace(/\/+$/, "");
}
