/** An ARM address taken apart. `types` and `names` go together; a collection or an action leaves one word over. */
export interface ArmPath {
  readonly subscriptionId: string;
  readonly resourceGroup?: string;
  /** What the last `/providers/` hangs from: tenant (empty), subscription, group or a resource. */
  readonly scope: string;
  /** Set where a provider is named. */
  readonly namespace?: string;
  readonly types: readonly string[];
  readonly names: readonly string[];
  /** A last word without a name after it: a collection, or the action of a POST. */
  readonly lastWord?: string;
}

/** Splits a URL path, collapsing doubled slashes: real clients send them. */
export function pathSegments(path: string): string[] {
  return path
    .split("/")
    .filter((segment) => segment !== "")
    .map((segment) => {
      try {
        return decodeURIComponent(segment);
      } catch (error) {
        if (error instanceof URIError) return segment;
        throw error;
      }
    });
}

function lastIndexOfWord(segments: readonly string[], word: string): number {
  return segments.findLastIndex((segment) => segment.toLowerCase() === word);
}

/** The scope's own words: `subscriptions/{id}/resourceGroups/{name}`, whatever comes after. */
function scopeNames(segments: readonly string[]): { subscriptionId: string; resourceGroup?: string } {
  const subscriptionId = segments[0]?.toLowerCase() === "subscriptions" ? (segments[1] ?? "") : "";
  const hasGroup = subscriptionId !== "" && segments[2]?.toLowerCase() === "resourcegroups";
  const group = hasGroup ? segments[3] : undefined;
  return { subscriptionId, ...(group === undefined ? {} : { resourceGroup: group }) };
}

/** Gives the fixed words of a scope their usual spelling. */
export function canonicalScope(scope: string): string {
  return scope
    .replace(/^\/subscriptions\//i, "/subscriptions/")
    .replace(/^(\/subscriptions\/[^/]+)\/resourcegroups(?=\/|$)/i, "$1/resourceGroups")
    .replaceAll(/\/providers(?=\/|$)/gi, "/providers");
}

/** Takes apart `<scope>/providers/<namespace>/<type>/<name>/…[/<action>]`. */
export function parseArmPath(path: string): ArmPath {
  const segments = pathSegments(path);
  const at = lastIndexOfWord(segments, "providers");
  const { subscriptionId, resourceGroup } = scopeNames(segments);
  const scopeSegments = at < 0 ? segments : segments.slice(0, at);
  const rest = at < 0 ? [] : segments.slice(at + 1);
  const namespace = rest[0];
  const words = rest.slice(1);
  const types: string[] = [];
  const names: string[] = [];
  for (let index = 0; index + 1 < words.length; index += 2) {
    types.push(words[index] ?? "");
    names.push(words[index + 1] ?? "");
  }
  const lastWord = words.length % 2 === 1 ? words.at(-1) : undefined;
  return {
    subscriptionId,
    ...(resourceGroup === undefined ? {} : { resourceGroup }),
    scope: scopeSegments.length === 0 ? "" : canonicalScope(`/${scopeSegments.join("/")}`),
    ...(namespace === undefined ? {} : { namespace }),
    types,
    names,
    ...(lastWord === undefined ? {} : { lastWord }),
  };
}

/** The id of the resource that the full type/name pairs of a path name, or its scope where there is none. */
export function resourceIdOf(path: ArmPath): string {
  if (path.namespace === undefined || path.types.length === 0) return path.scope;
  const pairs = path.types.map((type, index) => `${type}/${path.names[index]}`);
  return `${path.scope}/providers/${path.namespace}/${pairs.join("/")}`;
}
