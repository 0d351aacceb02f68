import type { ArmResource } from "../../arm/resource.ts";
import type { CoreCall, CoreRoute, StampCore } from "../../arm/stamp-core.ts";
import { readFilter } from "./odata-filter.ts";
import { resourceManagerVersions } from "./registration.ts";

/** What the generic lists show: tracked resources, which have a location, without their properties. */
function presentGeneric(resource: ArmResource): Record<string, unknown> {
  const { id, name, type, location, tags, sku, plan, kind } = resource;
  return {
    id,
    name,
    type,
    location,
    ...(kind === undefined ? {} : { kind }),
    ...(sku === undefined ? {} : { sku }),
    ...(plan === undefined ? {} : { plan }),
    ...(tags === undefined ? {} : { tags }),
  };
}

function isTracked(resource: ArmResource): boolean {
  return resource.location !== undefined && resource.id.toLowerCase().includes("/providers/");
}

async function listResources(call: CoreCall, core: StampCore): Promise<readonly unknown[]> {
  const isWanted = readFilter(call.query.get("$filter"));
  const group = call.parameters["group"];
  const scope = `/subscriptions/${call.subscriptionId}${group === undefined ? "" : `/resourceGroups/${group}`}`;
  return core.services.resources
    .listBelow(scope)
    .filter((resource) => isTracked(resource) && isWanted(resource) && call.may(`${resource.type}/read`, resource.id))
    .map(presentGeneric);
}

/** Every resource of a subscription or group, whatever its type. */
export const resourceListRoutes: readonly CoreRoute[] = [
  {
    method: "GET",
    template: "/subscriptions/{subscription}/resources",
    apiVersions: resourceManagerVersions,
    list: listResources,
  },
  {
    method: "GET",
    template: "/subscriptions/{subscription}/resourcegroups/{group}/resources",
    apiVersions: resourceManagerVersions,
    list: listResources,
  },
];
