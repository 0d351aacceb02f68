import { assertNever } from "@holdfast/kernel";
import type { VmConfiguration } from "../inventory/vm.ts";
import type { VmSelector } from "./application.ts";

/** Says whether a selector takes a VM. */
export function matchesSelector(selector: VmSelector, vm: VmConfiguration): boolean {
  switch (selector.kind) {
    case "tag":
      return matchesTag(selector, vm);
    case "resource-group":
      return selector.name.toLowerCase() === vm.resourceGroup.toLowerCase();
    case "name-pattern":
      return matchesPattern(selector.pattern.toLowerCase(), vm.name.toLowerCase());
    case "list": {
      const names = [vm.id.toLowerCase(), `${vm.resourceGroup}/${vm.name}`.toLowerCase()];
      return selector.vms.some((one) => names.includes(one.toLowerCase()));
    }
    default:
      return assertNever(selector);
  }
}

function matchesTag({ key, value }: { readonly key: string; readonly value?: string }, vm: VmConfiguration): boolean {
  const tag = tagOf(vm, key);
  return tag !== null && (value === undefined || tag === value);
}

/** The value of a tag, whatever the case of its key; null without one. */
export function tagOf({ tags }: VmConfiguration, key: string): string | null {
  const wanted = key.toLowerCase();
  for (const [name, value] of Object.entries(tags)) if (name.toLowerCase() === wanted) return value;
  return null;
}

/** Matches without backtracking into earlier stars: the time is at most pattern length times text length. */
export function matchesPattern(pattern: string, text: string): boolean {
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let resumeAt = 0;
  while (at < text.length) {
    const sign = pattern[inPattern];
    if (sign === "*") {
      star = inPattern;
      inPattern += 1;
      resumeAt = at;
    } else if (sign !== undefined && (sign === "?" || sign === text[at])) {
      inPattern += 1;
      at += 1;
    } else if (star >= 0) {
      inPattern = star + 1;
      resumeAt += 1;
      at = resumeAt;
    } else return false;
  }
  while (pattern[inPattern] === "*") inPattern += 1;
  return inPattern === pattern.length;
}
