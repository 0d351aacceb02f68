import { builtInRoles, roleAssignmentType, roleDefinitionType } from "../arm/role-grants.ts";
import { createPrincipal } from "../identity/principal-store.ts";
import type { Stamp } from "./stamp.ts";
import { derivedUuid } from "./stamp-config.ts";

/** Gives a new stamp its first principal, with the Owner role on every subscription. */
export async function ensureOwner(stamp: Stamp, secret: string): Promise<string> {
  const { config, services, principals } = stamp.core;
  const clientId = derivedUuid("client", config.name);
  const digits = BigInt(`0x${derivedUuid("sid", config.name).replaceAll("-", "")}`)
    .toString()
    .slice(0, 27);
  const sid = `S-1-5-21-${digits.slice(0, 9)}-${digits.slice(9, 18)}-${digits.slice(18)}-1105`;
  const objectId = config.identity === "adfs" ? sid : derivedUuid("object", config.name);
  principals.put(createPrincipal({ clientId, objectId, displayName: "owner", secret }));
  for (const subscriptionId of config.subscriptionIds) {
    const name = derivedUuid("owner-assignment", config.name, subscriptionId);
    const scope = `/subscriptions/${subscriptionId}`;
    const id = `${scope}/providers/${roleAssignmentType}/${name}`;
    if (services.resources.get(id) !== undefined) continue;
    const owner = builtInRoles.find((role) => role.roleName === "Owner");
    const roleDefinitionId = `${scope}/providers/${roleDefinitionType}/${owner?.guid}`;
    await services.resources.put({
      id,
      name,
      type: roleAssignmentType,
      properties: { roleDefinitionId, principalId: objectId, scope },
    });
    for (const namespace of config.unregisteredNamespaces) {
      const key = `${subscriptionId}/${namespace}`.toLowerCase();
      if (stamp.core.registrations.get(key) === undefined) stamp.core.registrations.put(key, false);
    }
  }
  return clientId;
}
