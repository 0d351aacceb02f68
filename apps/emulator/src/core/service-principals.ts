import { builtInRoles, roleAssignmentType, roleDefinitionType } from "../arm/role-grants.ts";
import { createPrincipal } from "../identity/principal-store.ts";
import type { StampCore } from "../arm/stamp-core.ts";
import { derivedUuid, type StampConfig } from "./stamp-config.ts";

export const roleNames = ["Owner", "Contributor", "Reader"] as const;
export type RoleName = (typeof roleNames)[number];

/** The id that role assignments name: a SID on an AD FS stamp, a UUID on an Entra one. */
export function objectIdFor(config: StampConfig, clientId: string): string {
  const uuid = derivedUuid("object", config.name, clientId);
  if (config.identity === "entra") return uuid;
  const part = (word: string): number => Number.parseInt(derivedUuid("sid", word, clientId).slice(0, 8), 16);
  return `S-1-5-21-${part("a")}-${part("b")}-${part("c")}-${1000 + (part("d") % 60_000)}`;
}

/** Gives a principal a built-in role at a scope; does nothing where it has it. */
export async function assignRole(core: StampCore, objectId: string, roleName: RoleName, scope: string): Promise<void> {
  const { resources } = core.services;
  const role = builtInRoles.find((one) => one.roleName === roleName);
  const name = derivedUuid("assignment", core.config.name, objectId, roleName, scope);
  const id = `${scope === "/" ? "" : scope}/providers/${roleAssignmentType}/${name}`;
  if (resources.get(id) !== undefined) return;
  const subscription = /^\/subscriptions\/[^/]+/i.exec(scope)?.[0] ?? "";
  const roleDefinitionId = `${subscription}/providers/${roleDefinitionType}/${role?.guid}`;
  await resources.put({
    id,
    name,
    type: roleAssignmentType,
    properties: { roleDefinitionId, principalId: objectId, scope },
  });
}

export interface NewPrincipal {
  readonly displayName: string;
  readonly clientId?: string | undefined;
  readonly secret?: string | undefined;
  /** PEM. */
  readonly certificate?: string | undefined;
  /** None when left out: a principal that sees nothing. */
  readonly role?: RoleName | undefined;
  /** The first subscription when left out. */
  readonly scope?: string | undefined;
}

/** Registers an application on a stamp, as an operator would, and gives it a role. */
export async function addPrincipal(
  core: StampCore,
  request: NewPrincipal,
): Promise<{ readonly clientId: string; readonly objectId: string }> {
  const { config } = core;
  const clientId = request.clientId ?? core.services.uuid();
  const objectId = objectIdFor(config, clientId);
  const { displayName, secret, certificate } = request;
  core.principals.put(
    createPrincipal({
      clientId,
      objectId,
      displayName,
      ...(secret === undefined ? {} : { secret }),
      ...(certificate === undefined ? {} : { certificate }),
    }),
  );
  const scope = request.scope ?? `/subscriptions/${config.subscriptionIds[0]}`;
  if (request.role !== undefined) await assignRole(core, objectId, request.role, scope);
  return { clientId, objectId };
}

/** The first principal of a stamp: the Owner of every subscription, under an id that never changes. */
export async function ensureOwner(core: StampCore, secret: string): Promise<string> {
  const clientId = derivedUuid("client", core.config.name);
  for (const subscriptionId of core.config.subscriptionIds) {
    const scope = `/subscriptions/${subscriptionId}`;
    await addPrincipal(core, { displayName: "owner", clientId, secret, role: "Owner", scope });
    for (const namespace of core.config.unregisteredNamespaces) {
      const key = `${subscriptionId}/${namespace}`.toLowerCase();
      if (core.registrations.get(key) === undefined) core.registrations.put(key, false);
    }
  }
  return clientId;
}
