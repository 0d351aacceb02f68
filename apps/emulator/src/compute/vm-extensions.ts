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
import { badParameter, notAllowed, notFound } from "./compute-errors.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { asObject, objectAt, onlyKnown, requireLocation, requireName, stringAt, tagsAt } from "./request-fields.ts";

const extensionType = "Microsoft.Compute/virtualMachines/extensions";
const known = [
  "publisher",
  "type",
  "typeHandlerVersion",
  "autoUpgradeMinorVersion",
  "enableAutomaticUpgrade",
  "settings",
  "protectedSettings",
  "forceUpdateTag",
  "provisioningState",
  "instanceView",
];

function requireExtension(call: ArmCall, stamp: StampServices): ArmResource {
  const extension = stamp.resources.get(call.id);
  if (extension === undefined) throw notFound(extensionType, call.name ?? "", call.resourceGroup);
  return extension;
}

/** The VM that the call's parents name. */
function requireParent(id: string, call: ArmCall, stamp: StampServices): ArmResource {
  const vm = stamp.resources.get(id);
  if (vm === undefined) {
    throw notFound("Microsoft.Compute/virtualMachines", call.parentNames.at(-1) ?? "", call.resourceGroup);
  }
  return vm;
}

async function putExtension(call: ArmCall, deps: ComputeDeps, stamp: StampServices): Promise<ArmReply> {
  const vm = requireParent(call.id.split("/").slice(0, -2).join("/"), call, stamp);
  const present = stamp.resources.get(call.id);
  const body = asObject(call.body, "extension");
  onlyKnown(body, ["id", "name", "type", "location", "tags", "properties"], "VirtualMachineExtension", "");
  const properties = objectAt(body, "properties");
  onlyKnown(properties, known, "VirtualMachineExtensionProperties", "properties");
  const publisher = stringAt(properties, "publisher");
  const type = stringAt(properties, "type");
  if (publisher === undefined || type === undefined)
    throw badParameter("Required parameter 'publisher' or 'type' is missing (null).");
  if (type === "LinuxDiagnostic") {
    throw badParameter(`The VM extension with publisher '${publisher}' and type '${type}' could not be found.`);
  }
  if (vm.hidden?.["power"] !== "running") {
    throw notAllowed(`Cannot modify extensions in the VM when the VM is not running: ${vm.name}.`);
  }
  // Protected settings are for the guest alone: no answer shows them, and nothing here needs them.
  const { protectedSettings: _secret, instanceView: _view, ...shown } = properties;
  const extension: ArmResource = {
    id: call.id,
    name: requireName(call.name, "extension"),
    type: extensionType,
    location: requireLocation(body, stamp),
    tags: tagsAt(body) ?? present?.tags ?? {},
    properties: { ...shown, provisioningState: "Creating" },
  };
  await stamp.resources.put(extension);
  const headers = await beginOperation(call, { resource: extension, kind: "compute.extension.put" }, { deps, stamp });
  const { location: _location, ...rest } = headers;
  return { status: present === undefined ? 201 : 200, headers: rest, body: presentResource(extension) };
}

export function vmExtensionsType(deps: ComputeDeps): ResourceType {
  return {
    type: extensionType,
    apiVersions: machineVersions(deps.build),
    get: async (call, stamp) => ({ status: 200, body: presentResource(requireExtension(call, stamp)) }),
    list: async (call, stamp) => {
      const vm = requireParent(call.id, call, stamp);
      return stamp.resources.list(extensionType, vm.id).map(presentResource);
    },
    put: (call, stamp) => putExtension(call, deps, stamp),
    delete: async (call, stamp) => {
      const extension = stamp.resources.get(call.id);
      if (extension === undefined) return { status: 204 };
      return {
        status: 202,
        headers: await beginOperation(call, { resource: extension, kind: "compute.extension.delete" }, { deps, stamp }),
      };
    },
  };
}

export function extensionOperations(): Record<string, OperationHandler> {
  return {
    "compute.extension.put": async (start, stamp) => {
      const extension = stamp.resources.get(start.resourceId);
      if (extension === undefined) throw notFound(extensionType, start.resourceId.split("/").at(-1) ?? "");
      const done = { ...extension, properties: { ...extension.properties, provisioningState: "Succeeded" } };
      await stamp.resources.put(done);
      return presentResource(done);
    },
    "compute.extension.delete": async (start, stamp) => stamp.resources.delete(start.resourceId),
  };
}
