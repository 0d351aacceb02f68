import { ArmError } from "../../arm/provider.ts";
import type { ArmResource } from "../../arm/resource.ts";
import { parseArmPath } from "../../arm/arm-path.ts";

type Predicate = (resource: ArmResource) => boolean;

const equals = (a: string | undefined, b: string): boolean => a?.toLowerCase() === b.toLowerCase();

function fieldOf(resource: ArmResource, field: string): string | undefined {
  switch (field.toLowerCase()) {
    case "resourcetype":
      return resource.type;
    case "name":
      return resource.name;
    case "location":
      return resource.location;
    case "resourcegroup":
      return parseArmPath(resource.id).resourceGroup;
    default:
      throw new ArmError(
        400,
        "InvalidFilterInQueryString",
        `Invalid $filter '${field}' specified in the query string.`,
      );
  }
}

function readTerm(term: string): Predicate {
  const contains = /^substringof\('([^']*)',\s*(\w+)\)$/i.exec(term);
  if (contains !== null) {
    const [, text = "", field = ""] = contains;
    return (resource) => fieldOf(resource, field)?.toLowerCase().includes(text.toLowerCase()) ?? false;
  }
  const [, field, operator, value = ""] = /^(\w+)\s+(eq|ne)\s+'([^']*)'$/i.exec(term) ?? [];
  if (field === undefined) {
    throw new ArmError(400, "InvalidFilterInQueryString", `Invalid $filter '${term}' specified in the query string.`);
  }
  if (field.toLowerCase() === "tagname")
    return (resource) => Object.keys(resource.tags ?? {}).some((tag) => equals(tag, value));
  return (resource) => equals(fieldOf(resource, field), value) === (operator?.toLowerCase() === "eq");
}

const tagPair = /tagname\s+eq\s+'([^']*)'\s+and\s+tagvalue\s+eq\s+'([^']*)'/gi;

/** Reads the part of OData that ARM's lists take: `field eq 'x'`, `substringof`, tags, joined by `and` or `or`. */
export function readFilter(text: string | null): Predicate {
  if (text === null || text.trim() === "") return () => true;
  const tags: Predicate[] = [];
  const rest = text.replaceAll(tagPair, (_all, name: string, value: string) => {
    tags.push((resource) => Object.entries(resource.tags ?? {}).some(([tag, v]) => equals(tag, name) && v === value));
    return "";
  });
  const alternatives = rest.split(/\s+or\s+/i).map((part) =>
    part
      .split(/\s+and\s+/i)
      .map((term) => term.trim())
      .filter((term) => term !== "")
      .map(readTerm),
  );
  return (resource) =>
    tags.every((matches) => matches(resource)) &&
    alternatives.some((terms) => terms.every((matches) => matches(resource)));
}
