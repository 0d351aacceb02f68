import {
  type ArmCall,
  ArmError,
  type ArmReply,
  presentResource,
  type ResourceType,
  type StampServices,
} from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import { machineVersions } from "./api-versions.ts";
import { badParameter, notAllowed, notFound } from "./compute-errors.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import {
  asObject,
  type Fields,
  integerAt,
  objectAt,
  onlyKnown,
  requireLocation,
  requireName,
  sameId,
  stringAt,
  tagsAt,
} from "./request-fields.ts";
import { listVmSizes } from "./vm-sizes.ts";

const setType = "Microsoft.Compute/availabilitySets";

/** Fault domains are nodes: the platform allows 3 (vm-considerations). */
const maxFaultDomains = 3;
const maxUpdateDomains = 20;

function members(set: ArmResource, stamp: StampServices): ArmResource[] {
  return stamp.resources
    .list("Microsoft.Compute/virtualMachines", set.id.split("/").slice(0, 5).join("/"))
    .filter((vm) => sameId((vm.properties["availabilitySet"] as Fields | undefined)?.["id"], set.id));
}

function presentSet(set: ArmResource, stamp: StampServices): Record<string, unknown> {
  const virtualMachines = members(set, stamp).map((vm) => ({ id: vm.id }));
  return { ...presentResource(set), properties: { ...set.properties, virtualMachines } };
}

function requireSet(call: ArmCall, stamp: StampServices): ArmResource {
  const set = stamp.resources.get(call.id);
  if (set === undefined) throw notFound(setType, call.name ?? "", call.resourceGroup);
  return set;
}

function domainCount(properties: Fields, key: string, max: number, fallback: number): number {
  const count = integerAt(properties, key) ?? fallback;
  if (count >= 1 && count <= max) return count;
  throw badParameter(`The specified ${key} ${count} must fall in the range 1 to ${max}.`);
}

async function putSet(call: ArmCall, stamp: StampServices): Promise<ArmReply> {
  const present = stamp.resources.get(call.id);
  const body = asObject(call.body, "availabilitySet");
  onlyKnown(body, ["id", "name", "type", "location", "tags", "sku", "properties"], "AvailabilitySet", "");
  const properties = objectAt(body, "properties");
  const known = ["platformFaultDomainCount", "platformUpdateDomainCount", "virtualMachines", "statuses"];
  onlyKnown(properties, known, "AvailabilitySetProperties", "properties");
  const faultDomains = domainCount(properties, "platformFaultDomainCount", maxFaultDomains, 2);
  const updateDomains = domainCount(properties, "platformUpdateDomainCount", maxUpdateDomains, 5);
  const before = present?.properties["platformFaultDomainCount"];
  if (before !== undefined && before !== faultDomains) {
    throw new ArmError(409, "PropertyChangeNotAllowed", "Changing property 'platformFaultDomainCount' is not allowed.");
  }
  if (present === undefined) stamp.requireQuota(call.subscriptionId, { availabilitySets: 1 });
  const set: ArmResource = {
    id: call.id,
    name: requireName(call.name, "availability set"),
    type: setType,
    location: requireLocation(body, stamp),
    tags: tagsAt(body) ?? present?.tags ?? {},
    sku: {
      name: stringAt(objectAt(body, "sku"), "name") ?? (present?.sku?.["name"] as string | undefined) ?? "Classic",
    },
    properties: { platformFaultDomainCount: faultDomains, platformUpdateDomainCount: updateDomains },
  };
  await stamp.resources.put(set);
  return { status: 200, body: presentSet(set, stamp) };
}

export function availabilitySetsType(deps: ComputeDeps): ResourceType {
  return {
    type: setType,
    apiVersions: machineVersions(deps.build),
    get: async (call, stamp) => ({ status: 200, body: presentSet(requireSet(call, stamp), stamp) }),
    list: async (call, stamp) => stamp.resources.list(setType, call.id).map((set) => presentSet(set, stamp)),
    put: putSet,
    patch: async (call, stamp) => {
      const set = requireSet(call, stamp);
      const tags = tagsAt(asObject(call.body, "availabilitySet"));
      const changed = tags === undefined ? set : { ...set, tags };
      await stamp.resources.put(changed);
      return { status: 200, body: presentSet(changed, stamp) };
    },
    delete: async (call, stamp) => {
      const set = stamp.resources.get(call.id);
      if (set === undefined) return { status: 204 };
      if (members(set, stamp).length > 0) {
        throw notAllowed(
          `Availability Set '${set.name}' cannot be deleted. Before deleting an Availability Set please ensure that it does not contain any VM.`,
        );
      }
      await stamp.resources.delete(set.id);
      return { status: 200 };
    },
  };
}

/** Sizes that the VMs of a set may have: all, for the platform has one kind of hardware. */
export function setVmSizesType(deps: ComputeDeps): ResourceType {
  return {
    type: `${setType}/vmSizes`,
    apiVersions: machineVersions(deps.build),
    list: async () => listVmSizes(),
  };
}
