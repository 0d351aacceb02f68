import { z } from "zod";
import { covers } from "../../arm/access-rules.ts";
import { invalidRequestContent } from "../../arm/arm-errors.ts";
import { ArmError, presentResource, type ResourceType } from "../../arm/provider.ts";
import type { ArmResource } from "../../arm/resource.ts";
import { lockType } from "../../arm/lock-rules.ts";
import { scopeOfExtension } from "./role-assignments.ts";

const lockBody = z.object({
  properties: z.object({
    level: z.enum(["CanNotDelete", "ReadOnly"]),
    notes: z.string().max(512).optional(),
    owners: z.array(z.object({ applicationId: z.string().optional() })).optional(),
  }),
});

/** Management locks, at any scope. What they forbid is decided in `arm/lock-rules.ts`. */
export const locks: ResourceType = {
  type: lockType,
  apiVersions: ["2016-09-01"],
  list: async (call, stamp) => {
    const scope = scopeOfExtension(call.id);
    const isAtScope = /atScope\(\)/i.test(call.query.get("$filter") ?? "");
    return stamp.resources
      .list(lockType, "")
      .filter((lock) => {
        const at = scopeOfExtension(lock.id);
        return covers(at, scope) || (!isAtScope && covers(scope, at));
      })
      .map(presentResource);
  },
  get: async (call, stamp) => {
    const lock = stamp.resources.get(call.id);
    if (lock !== undefined) return { status: 200, body: presentResource(lock) };
    throw new ArmError(404, "LockNotFound", `The lock '${call.name}' could not be found.`);
  },
  put: async (call, stamp) => {
    const parsed = lockBody.safeParse(call.body);
    if (!parsed.success) throw invalidRequestContent(z.prettifyError(parsed.error));
    const isNew = stamp.resources.get(call.id) === undefined;
    const resource: ArmResource = {
      id: call.id,
      name: call.name ?? "",
      type: lockType,
      properties: { ...parsed.data.properties },
    };
    await stamp.resources.put(resource);
    return { status: isNew ? 201 : 200, body: presentResource(resource) };
  },
  delete: async (call, stamp) => {
    const isThere = stamp.resources.get(call.id) !== undefined;
    await stamp.resources.delete(call.id);
    return { status: isThere ? 200 : 204 };
  },
};
