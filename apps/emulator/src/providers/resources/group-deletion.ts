import { parseArmPath, resourceIdOf } from "../../arm/arm-path.ts";
import { ArmError, type ArmCall, type OperationHandler, type Provider } from "../../arm/provider.ts";
import type { ArmResource } from "../../arm/resource.ts";
import { requireDeletable } from "../../arm/lock-rules.ts";
import type { StampCore } from "../../arm/stamp-core.ts";

export const groupDeletionKind = "Microsoft.Resources/resourceGroups/delete";

/** As many rounds as a chain of resources in use can be long: VM, NIC, subnet, public address, and some to spare. */
const maxRounds = 10;

const depthOf = (resource: ArmResource): number => resource.type.split("/").length;

function deletionCall(resource: ArmResource, apiVersion: string): ArmCall {
  const path = parseArmPath(resource.id);
  return {
    method: "DELETE",
    apiVersion,
    subscriptionId: path.subscriptionId,
    ...(path.resourceGroup === undefined ? {} : { resourceGroup: path.resourceGroup }),
    id: resourceIdOf(path),
    name: path.names.at(-1) ?? resource.name,
    parentNames: path.names.slice(0, -1),
    query: new URLSearchParams(),
    body: undefined,
    origin: "https://localhost",
    principalId: "resource-manager",
  };
}

function findDelete(providers: readonly Provider[], type: string): Provider["types"][number] | undefined {
  return providers
    .flatMap((provider) => provider.types)
    .find((one) => one.type.toLowerCase() === type.toLowerCase() && one.delete !== undefined);
}

/** Deletes one resource as its own provider does, and waits for it. False where it is still in use. */
async function tryDelete(core: StampCore, resource: ArmResource): Promise<boolean> {
  const { resources } = core.services;
  const type = findDelete(core.providers, resource.type);
  if (type?.delete === undefined) {
    await resources.delete(resource.id);
    return true;
  }
  try {
    const reply = await type.delete(deletionCall(resource, type.apiVersions[0] ?? ""), core.services);
    await core.operations.settle(reply.headers);
  } catch (error) {
    if (!(error instanceof ArmError) || error.status >= 500) throw error;
    if (error.status !== 404) return false;
    await resources.delete(resource.id);
  }
  return resources.get(resource.id) === undefined;
}

/** Empties a group, in rounds because resources hold each other, then drops it. */
export function createGroupDeletion(coreOf: () => StampCore): OperationHandler {
  return async (start) => {
    const core = coreOf();
    const { resources } = core.services;
    requireDeletable(resources, start.resourceId);
    for (let round = 0; round < maxRounds; round += 1) {
      const left = resources.listBelow(start.resourceId).sort((a, b) => depthOf(a) - depthOf(b));
      if (left.length === 0) break;
      let hasMoved = false;
      for (const resource of left) {
        if (resources.get(resource.id) === undefined) continue;
        if (await tryDelete(core, resource)) hasMoved = true;
      }
      if (!hasMoved) break;
    }
    const stuck = resources.listBelow(start.resourceId);
    const group = resources.get(start.resourceId);
    if (stuck.length > 0) {
      if (group !== undefined) await resources.put({ ...group, properties: { provisioningState: "Succeeded" } });
      const ids = stuck.map((resource) => resource.id).join(", ");
      throw new ArmError(
        409,
        "ResourceGroupDeletionBlocked",
        `Deletion of resource group failed as resources with identifiers '${ids}' could not be deleted.`,
      );
    }
    await resources.delete(start.resourceId);
    return undefined;
  };
}
