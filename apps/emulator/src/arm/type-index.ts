import type { ArmPath } from "./arm-path.ts";
import { ArmError, type Provider, type ResourceType } from "./provider.ts";

/** What a path asks for, once its words are matched with the registered types. */
export interface Target {
  readonly provider: Provider;
  readonly type: ResourceType;
  /** The namespace and type as registered, whatever the caller's spelling. */
  readonly kind: "resource" | "collection" | "action";
  readonly action?: string;
}

const fold = (words: readonly string[]): string => words.join("/").toLowerCase();

function findType(provider: Provider, words: readonly string[]): ResourceType | undefined {
  return provider.types.find((type) => type.type.toLowerCase() === fold([provider.namespace, ...words]));
}

function hasAction(type: ResourceType, word: string): string | undefined {
  return Object.keys(type.actions ?? {}).find((name) => name.toLowerCase() === word.toLowerCase());
}

/** Finds the type and the way it is meant. Throws ArmError 404 as the platform does for what it has not. */
export function findTarget(
  providers: readonly Provider[],
  path: ArmPath,
  method: string,
  apiVersion: string | null,
): Target {
  const provider = providers.find((one) => one.namespace.toLowerCase() === path.namespace?.toLowerCase());
  if (provider === undefined) {
    throw new ArmError(404, "InvalidResourceNamespace", `The resource namespace '${path.namespace}' is invalid.`);
  }
  const { lastWord } = path;
  if (lastWord === undefined) {
    const type = findType(provider, path.types);
    if (type !== undefined && path.types.length > 0) return { provider, type, kind: "resource" };
  } else {
    // `POST <resource>/<action>` and `GET <resource>/instanceView` end in a word of their own, as a collection does.
    const type = findType(provider, path.types);
    const action = type === undefined ? undefined : hasAction(type, lastWord);
    const collection = findType(provider, [...path.types, lastWord]);
    const ownAction = collection === undefined ? undefined : hasAction(collection, lastWord);
    if (method === "GET" && collection?.list !== undefined) return { provider, type: collection, kind: "collection" };
    if (type !== undefined && action !== undefined) return { provider, type, kind: "action", action };
    if (collection !== undefined && ownAction !== undefined) {
      return { provider, type: collection, kind: "action", action: ownAction };
    }
    if (collection !== undefined) return { provider, type: collection, kind: "collection" };
  }
  const asked = [...path.types, ...(lastWord === undefined ? [] : [lastWord])].join("/");
  throw new ArmError(
    404,
    "InvalidResourceType",
    `The resource type '${asked}' could not be found in the namespace '${provider.namespace}' for api version '${apiVersion ?? ""}'. The supported api-versions are '${[...new Set(provider.types.flatMap((one) => one.apiVersions))].sort().join(",")}'.`,
  );
}

/** Refuses a version that the type does not have, in the platform's words. */
export function requireVersion(type: ResourceType, apiVersion: string, location: string): void {
  if (type.apiVersions.some((version) => version.toLowerCase() === apiVersion.toLowerCase())) return;
  const words = type.type.split("/").slice(1);
  throw new ArmError(
    400,
    "NoRegisteredProviderFound",
    `No registered resource provider found for location '${location}' and API version '${apiVersion}' for type '${words.join("/")}'. The supported api-versions are '${type.apiVersions.join(", ")}'. The supported locations are '${location}'.`,
  );
}
