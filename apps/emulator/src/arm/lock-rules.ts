import { covers } from "./access-rules.ts";
import { type ArmCall, ArmError } from "./provider.ts";
import type { ResourceStore } from "./resource.ts";

export const lockType = "Microsoft.Authorization/locks";

interface Lock {
  readonly scope: string;
  readonly level: string;
}

/** The scope that a lock hangs from: its id up to the provider that makes it a lock. */
function lockScope(id: string): string {
  return id.slice(0, id.toLowerCase().lastIndexOf("/providers/microsoft.authorization/locks/"));
}

function readLocks(resources: ResourceStore): Lock[] {
  return resources
    .list(lockType, "")
    .map((lock) => ({ scope: lockScope(lock.id), level: String(lock.properties["level"]) }));
}

function scopeLocked(id: string, operation: string, locks: readonly Lock[]): ArmError {
  const scopes = locks.map((lock) => lock.scope).join(",");
  return new ArmError(
    409,
    "ScopeLocked",
    `The scope '${id}' cannot perform ${operation} operation because following scope(s) are locked: '${scopes}'. Please remove the lock and try again.`,
  );
}

/** Throws where a lock at the resource or above forbids the delete, or a lock below it would go with it. */
export function requireDeletable(resources: ResourceStore, id: string): void {
  const locks = readLocks(resources).filter((lock) => covers(lock.scope, id) || covers(id, lock.scope));
  if (locks.length > 0) throw scopeLocked(id, "delete", locks);
}

/** Throws where a ReadOnly lock at the resource or above forbids a change or an action. */
export function requireWritable(resources: ResourceStore, id: string): void {
  const locks = readLocks(resources).filter((lock) => lock.level === "ReadOnly" && covers(lock.scope, id));
  if (locks.length > 0) throw scopeLocked(id, "write", locks);
}

/** Applies the locks to a call; reading is never locked, nor are the locks themselves. */
export function requireUnlocked(resources: ResourceStore, call: ArmCall, type: string): void {
  if (call.method === "GET" || call.method === "HEAD" || type.toLowerCase() === lockType.toLowerCase()) return;
  if (call.method === "DELETE") requireDeletable(resources, call.id);
  else requireWritable(resources, call.id);
}
