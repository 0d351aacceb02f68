import type { RepositoryRecord, StampRecord } from "@holdfast/catalog";
import type { Place } from "@holdfast/domain";

/**
 * The places of the known repositories, as far as their addresses tell: a container in the storage of a known stamp lies
 * on that stamp. Whether a store is locked is not known without asking it.
 */
export function knownPlaces(
  repositories: readonly RepositoryRecord[],
  stamps: readonly StampRecord[],
  siteOf: ReadonlyMap<string, string>,
): readonly Place[] {
  return repositories.map(({ name, location }) => {
    const host = URL.canParse(location) ? new URL(location).hostname.toLowerCase() : "";
    const stamp = stamps.find(({ armEndpoint }) => host !== "" && host.endsWith(domainOf(armEndpoint)));
    return {
      name,
      stampName: stamp?.name ?? null,
      siteName: siteOf.get(name.toLowerCase()) ?? null,
      isLocked: null,
    };
  });
}

/** `.east.ash.example` of `https://management.east.ash.example`: storage of a stamp is under the same domain. */
function domainOf(armEndpoint: string): string {
  const { hostname } = new URL(armEndpoint);
  return hostname.slice(hostname.indexOf(".")).toLowerCase();
}
