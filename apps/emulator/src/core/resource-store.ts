import type { ArmResource, ResourceStore } from "../arm/resource.ts";
import type { StampDatabase } from "./stamp-database.ts";

const keyOf = (id: string): string => id.toLowerCase();

function isBelow(key: string, scope: string): boolean {
  return scope === "" || key.startsWith(`${scope}/`);
}

const byId = (a: ArmResource, b: ArmResource): number => (keyOf(a.id) < keyOf(b.id) ? -1 : 1);

/** Keeps all resources of a stamp in memory and writes each change through to its database before it settles. */
export function createResourceStore(database: StampDatabase): ResourceStore {
  const byKey = new Map<string, ArmResource>();
  const byType = new Map<string, Map<string, ArmResource>>();

  const remember = (resource: ArmResource): void => {
    const key = keyOf(resource.id);
    const type = resource.type.toLowerCase();
    byKey.set(key, resource);
    const sameType = byType.get(type) ?? new Map<string, ArmResource>();
    sameType.set(key, resource);
    byType.set(type, sameType);
  };
  for (const json of database.readResources()) remember(JSON.parse(json) as ArmResource);

  const select = (resources: Iterable<readonly [string, ArmResource]>, scope: string): ArmResource[] => {
    const prefix = keyOf(scope).replace(/\/$/, "");
    return [...resources]
      .filter(([key]) => isBelow(key, prefix))
      .map(([, resource]) => resource)
      .sort(byId);
  };

  return {
    get: (id) => byKey.get(keyOf(id)),
    put: async (resource) => {
      const key = keyOf(resource.id);
      const kept = byKey.get(key);
      // The first writer's spelling of the id stays, whatever a later caller typed.
      const json = JSON.stringify(kept === undefined ? resource : { ...resource, id: kept.id, name: kept.name });
      database.writeResource(key, json);
      remember(JSON.parse(json) as ArmResource);
    },
    delete: async (id) => {
      const key = keyOf(id);
      const kept = byKey.get(key);
      if (kept === undefined) return;
      database.removeResource(key);
      byKey.delete(key);
      byType.get(kept.type.toLowerCase())?.delete(key);
    },
    list: (type, scope) => select(byType.get(type.toLowerCase()) ?? [], scope),
    listBelow: (scope) => select(byKey, scope),
  };
}
