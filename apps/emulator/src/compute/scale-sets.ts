import {
  type ArmCall,
  type ArmReply,
  type OperationHandler,
  presentResource,
  type ResourceType,
  type StampServices,
} from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import { machineVersions } from "./api-versions.ts";
import { beginOperation } from "./begin-operation.ts";
import { badParameter, notFound } from "./compute-errors.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import {
  asObject,
  type Fields,
  integerAt,
  objectAt,
  onlyKnown,
  requireLocation,
  requireName,
  stringAt,
  tagsAt,
} from "./request-fields.ts";
import { findVmSize } from "./vm-sizes.ts";

const setType = "Microsoft.Compute/virtualMachineScaleSets";
const known = [
  "upgradePolicy",
  "virtualMachineProfile",
  "provisioningState",
  "overprovision",
  "uniqueId",
  "singlePlacementGroup",
  "platformFaultDomainCount",
  "doNotRunExtensionsOnOverprovisionedVMs",
  "scaleInPolicy",
];
const maxInstances = 100;

function requireSet(id: string, call: ArmCall, stamp: StampServices): ArmResource {
  const set = stamp.resources.get(id);
  if (set === undefined) throw notFound(setType, id.split("/").at(-1) ?? "", call.resourceGroup);
  return set;
}

/** Instances have nothing behind them: they are derived from the set's capacity. */
function instances(set: ArmResource): Record<string, unknown>[] {
  const capacity = (set.sku?.["capacity"] as number | undefined) ?? 0;
  const profile = (set.properties["virtualMachineProfile"] ?? {}) as Fields;
  return Array.from({ length: capacity }, (_, index) => ({
    id: `${set.id}/virtualMachines/${index}`,
    name: `${set.name}_${index}`,
    type: `${setType}/virtualMachines`,
    location: set.location,
    instanceId: String(index),
    sku: { name: set.sku?.["name"], tier: "Standard" },
    properties: {
      latestModelApplied: true,
      hardwareProfile: { vmSize: set.sku?.["name"] },
      ...(profile["osProfile"] === undefined ? {} : { osProfile: { computerName: `${set.name}${index}` } }),
      provisioningState: set.properties["provisioningState"],
    },
  }));
}

async function putSet(call: ArmCall, deps: ComputeDeps, stamp: StampServices): Promise<ArmReply> {
  const present = stamp.resources.get(call.id);
  const body = asObject(call.body, "vmss");
  onlyKnown(
    body,
    ["id", "name", "type", "location", "tags", "sku", "plan", "properties"],
    "VirtualMachineScaleSet",
    "",
  );
  const properties = objectAt(body, "properties");
  onlyKnown(properties, known, "VirtualMachineScaleSetProperties", "properties");
  const sku = objectAt(body, "sku");
  const size = findVmSize(stringAt(sku, "name"));
  if (size === undefined)
    throw badParameter(`The value ${stringAt(sku, "name") ?? ""} provided for the VM size is not valid.`);
  const capacity = integerAt(sku, "capacity") ?? 0;
  if (capacity < 0 || capacity > maxInstances)
    throw badParameter(`The capacity must be between 0 and ${maxInstances}.`);
  const before = (present?.sku ?? {}) as { name?: string; capacity?: number };
  const usedCores = (findVmSize(before.name)?.numberOfCores ?? 0) * (before.capacity ?? 0);
  stamp.requireQuota(call.subscriptionId, {
    virtualMachineScaleSets: present === undefined ? 1 : 0,
    cores: Math.max(0, size.numberOfCores * capacity - usedCores),
  });
  const set: ArmResource = {
    id: call.id,
    name: requireName(call.name, "scale set", 64),
    type: setType,
    location: requireLocation(body, stamp),
    tags: tagsAt(body) ?? present?.tags ?? {},
    sku: { name: size.name, tier: "Standard", capacity },
    properties: {
      upgradePolicy: { mode: "Manual" },
      ...properties,
      ...(properties["virtualMachineProfile"] === undefined
        ? {}
        : { virtualMachineProfile: withoutSecrets(objectAt(properties, "virtualMachineProfile")) }),
      uniqueId: present?.properties["uniqueId"] ?? stamp.uuid(),
      provisioningState: present === undefined ? "Creating" : "Updating",
    },
  };
  await stamp.resources.put(set);
  const { location: _location, ...headers } = await beginOperation(
    call,
    { resource: set, kind: "compute.scaleSet.put" },
    { deps, stamp },
  );
  return { status: present === undefined ? 201 : 200, headers, body: presentResource(set) };
}

function withoutSecrets(profile: Fields): Fields {
  if (profile["osProfile"] === undefined) return profile;
  const { adminPassword: _password, customData: _custom, ...osProfile } = objectAt(profile, "osProfile");
  return { ...profile, osProfile };
}

export function scaleSetTypes(deps: ComputeDeps): ResourceType[] {
  const apiVersions = machineVersions(deps.build);
  return [
    {
      type: setType,
      apiVersions,
      get: async (call, stamp) => ({ status: 200, body: presentResource(requireSet(call.id, call, stamp)) }),
      list: async (call, stamp) => stamp.resources.list(setType, call.id).map(presentResource),
      put: (call, stamp) => putSet(call, deps, stamp),
      delete: async (call, stamp) => {
        const set = stamp.resources.get(call.id);
        if (set === undefined) return { status: 204 };
        return {
          status: 202,
          headers: await beginOperation(call, { resource: set, kind: "compute.scaleSet.delete" }, { deps, stamp }),
        };
      },
    },
    {
      type: `${setType}/virtualMachines`,
      apiVersions,
      list: async (call, stamp) => instances(requireSet(call.id, call, stamp)),
      get: async (call, stamp) => {
        const set = requireSet(call.id.split("/").slice(0, -2).join("/"), call, stamp);
        const found = instances(set).find((one) => one["instanceId"] === call.name);
        if (found === undefined) throw notFound(`${setType}/virtualMachines`, call.name ?? "", call.resourceGroup);
        return { status: 200, body: found };
      },
    },
  ];
}

export function scaleSetOperations(): Record<string, OperationHandler> {
  return {
    "compute.scaleSet.put": async (start, stamp) => {
      const set = stamp.resources.get(start.resourceId);
      if (set === undefined) throw notFound(setType, start.resourceId.split("/").at(-1) ?? "");
      const done = { ...set, properties: { ...set.properties, provisioningState: "Succeeded" } };
      await stamp.resources.put(done);
      return presentResource(done);
    },
    "compute.scaleSet.delete": async (start, stamp) => stamp.resources.delete(start.resourceId),
  };
}
