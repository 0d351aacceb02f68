import type { VmConfiguration } from "../inventory/vm.ts";

/** The value of a tag, whatever the case of its key; null without one. */
export function tagOf({ tags }: VmConfiguration, key: string): string | null {
  const wanted = key.toLowerCase();
  for (const [name, value] of Object.entries(tags)) if (name.toLowerCase() === wanted) return value;
  return null;
}
