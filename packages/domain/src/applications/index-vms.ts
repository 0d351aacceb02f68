import { assertNever } from "@holdfast/kernel";
import type { PlacedVm, VmSelector } from "./application.ts";
import { matchesPattern } from "./match-pattern.ts";

/** VMs, found by what selectors name without looking at each of them. */
export interface VmIndex {
  /** Positions in the list of VMs, each once, in no order. */
  select(selector: VmSelector): Iterable<number>;
}

/** Indexes VMs by tag, resource group and name: ten thousand VMs meet a thousand applications. */
export function indexVms(vms: readonly PlacedVm[]): VmIndex {
  const byTagKey = new Map<string, Set<number>>();
  const byTag = new Map<string, Set<number>>();
  const byGroup = new Map<string, Set<number>>();
  const byName = new Map<string, Set<number>>();
  const add = (index: Map<string, Set<number>>, key: string, at: number): void => {
    const found = index.get(key);
    if (found === undefined) index.set(key, new Set([at]));
    else found.add(at);
  };
  const names = vms.map(({ vm }) => vm.name.toLowerCase());
  for (const [at, { vm }] of vms.entries()) {
    for (const [key, value] of Object.entries(vm.tags)) {
      add(byTagKey, key.toLowerCase(), at);
      add(byTag, tagKey(key, value), at);
    }
    add(byGroup, vm.resourceGroup.toLowerCase(), at);
    add(byName, vm.id.toLowerCase(), at);
    add(byName, `${vm.resourceGroup}/${vm.name}`.toLowerCase(), at);
  }
  const select = (selector: VmSelector): Iterable<number> => {
    switch (selector.kind) {
      case "tag":
        return selector.value === undefined
          ? (byTagKey.get(selector.key.toLowerCase()) ?? [])
          : (byTag.get(tagKey(selector.key, selector.value)) ?? []);
      case "resource-group":
        return byGroup.get(selector.name.toLowerCase()) ?? [];
      case "name-pattern": {
        const pattern = selector.pattern.toLowerCase();
        return names.flatMap((name, at) => (matchesPattern(pattern, name) ? [at] : []));
      }
      case "list":
        return new Set(selector.vms.flatMap((name) => [...(byName.get(name.toLowerCase()) ?? [])]));
      default:
        return assertNever(selector);
    }
  };
  return { select };
}

/** A key has no line break, so no key and value look like others. */
function tagKey(key: string, value: string): string {
  return `${key.toLowerCase()}\n${value}`;
}
