import type { Provider } from "../../arm/provider.ts";
import type { CoreRoute, StampCore } from "../../arm/stamp-core.ts";
import { createGroupDeletion, groupDeletionKind } from "./group-deletion.ts";
import { registrationRoutes, resourceManagerVersions } from "./registration.ts";
import { resourceGroupRoutes } from "./resource-groups.ts";
import { resourceListRoutes } from "./resource-list.ts";
import { subscriptionRoutes } from "./subscriptions.ts";
import { tagRoutes } from "./tag-names.ts";

/** ARM's own addresses, in the order in which they are tried. */
export const coreRoutes: readonly CoreRoute[] = [
  ...subscriptionRoutes,
  ...registrationRoutes,
  ...resourceGroupRoutes,
  ...resourceListRoutes,
  ...tagRoutes,
];

/** Microsoft.Resources: its types are ARM's own addresses, listed so that clients find their versions. */
export function createResourcesProvider(coreOf: () => StampCore): Provider {
  const words = ["subscriptions", "resourceGroups", "resources", "providers", "tagNames", "tenants"];
  return {
    namespace: "Microsoft.Resources",
    types: words.map((word) => ({
      type: `Microsoft.Resources/${word}`,
      apiVersions: ["subscriptions", "tenants"].includes(word) ? ["2016-06-01"] : resourceManagerVersions,
    })),
    operationKinds: { [groupDeletionKind]: createGroupDeletion(coreOf) },
  };
}
