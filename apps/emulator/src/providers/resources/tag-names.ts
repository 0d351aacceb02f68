import type { CoreCall, CoreRoute, StampCore } from "../../arm/stamp-core.ts";
import { ArmError } from "../../arm/provider.ts";
import { resourceManagerVersions } from "./registration.ts";

const scopeOf = (call: CoreCall): string => `/subscriptions/${call.subscriptionId}`;
const keyOf = (call: CoreCall): string => `${call.subscriptionId}/${call.parameters["tag"]}`.toLowerCase();
const action = (word: string): string => `Microsoft.Resources/subscriptions/tagNames/${word}`;

/** How many resources carry a tag, or a tag with a value. */
function countUses(call: CoreCall, core: StampCore, tag: string, value?: string): number {
  return core.services.resources
    .listBelow(scopeOf(call))
    .filter((resource) =>
      Object.entries(resource.tags ?? {}).some(
        ([name, text]) => name.toLowerCase() === tag.toLowerCase() && (value === undefined || text === value),
      ),
    ).length;
}

const count = (uses: number): Record<string, unknown> => ({ type: uses === 0 ? "Total" : "Partial", value: uses });

function presentTag(call: CoreCall, core: StampCore, tag: string, values: readonly string[]): Record<string, unknown> {
  const id = `${scopeOf(call)}/tagNames/${tag}`;
  return {
    id,
    tagName: tag,
    count: count(countUses(call, core, tag)),
    values: values.map((value) => ({
      id: `${id}/tagValues/${value}`,
      tagValue: value,
      count: count(countUses(call, core, tag, value)),
    })),
  };
}

/** Names declared by call, and those that resources carry. */
function allTags(call: CoreCall, core: StampCore): Map<string, Set<string>> {
  const tags = new Map<string, Set<string>>();
  const prefix = `${call.subscriptionId}/`.toLowerCase();
  for (const [key, values] of core.tags.entries()) {
    if (key.startsWith(prefix)) tags.set(key.slice(prefix.length), new Set(values));
  }
  for (const resource of core.services.resources.listBelow(scopeOf(call))) {
    for (const [name, value] of Object.entries(resource.tags ?? {})) {
      tags.set(name.toLowerCase(), (tags.get(name.toLowerCase()) ?? new Set()).add(value));
    }
  }
  return tags;
}

function requireUnused(uses: number, what: string): void {
  if (uses > 0) throw new ArmError(409, "CannotDeleteTag", `The ${what} is in use and cannot be deleted.`);
}

const tagTemplate = "/subscriptions/{subscription}/tagnames/{tag}";
const valueTemplate = `${tagTemplate}/tagvalues/{value}`;

/** The names and values of tags in a subscription. */
export const tagRoutes: readonly CoreRoute[] = [
  {
    method: "GET",
    template: "/subscriptions/{subscription}/tagnames",
    apiVersions: resourceManagerVersions,
    action: "Microsoft.Resources/subscriptions/tagNames/read",
    list: async (call, core) =>
      [...allTags(call, core)].map(([tag, values]) => presentTag(call, core, tag, [...values].sort())),
  },
  {
    method: "PUT",
    template: tagTemplate,
    apiVersions: resourceManagerVersions,
    action: action("write"),
    reply: async (call, core) => {
      const known = core.tags.get(keyOf(call));
      if (known === undefined) core.tags.put(keyOf(call), []);
      const body = presentTag(call, core, call.parameters["tag"] ?? "", known ?? []);
      return { status: known === undefined ? 201 : 200, body };
    },
  },
  {
    method: "DELETE",
    template: tagTemplate,
    apiVersions: resourceManagerVersions,
    action: action("delete"),
    reply: async (call, core) => {
      const known = core.tags.get(keyOf(call));
      requireUnused(countUses(call, core, call.parameters["tag"] ?? ""), "tag name");
      core.tags.delete(keyOf(call));
      return { status: known === undefined ? 204 : 200 };
    },
  },
  {
    method: "PUT",
    template: valueTemplate,
    apiVersions: resourceManagerVersions,
    action: action("write"),
    reply: async (call, core) => {
      const { tag = "", value = "" } = call.parameters;
      const known = core.tags.get(keyOf(call));
      if (known === undefined) throw new ArmError(404, "TagNotFound", `The tag '${tag}' could not be found.`);
      const isNew = !known.includes(value);
      if (isNew) core.tags.put(keyOf(call), [...known, value]);
      const id = `${scopeOf(call)}/tagNames/${tag}/tagValues/${value}`;
      return {
        status: isNew ? 201 : 200,
        body: { id, tagValue: value, count: count(countUses(call, core, tag, value)) },
      };
    },
  },
  {
    method: "DELETE",
    template: valueTemplate,
    apiVersions: resourceManagerVersions,
    action: action("delete"),
    reply: async (call, core) => {
      const { tag = "", value = "" } = call.parameters;
      requireUnused(countUses(call, core, tag, value), "tag value");
      const known = core.tags.get(keyOf(call));
      if (known === undefined || !known.includes(value)) return { status: 204 };
      core.tags.put(
        keyOf(call),
        known.filter((one) => one !== value),
      );
      return { status: 200 };
    },
  },
];
