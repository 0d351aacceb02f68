import type { ArmCall, StampServices } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import type { ComputeDeps } from "./compute-deps.ts";

/** Begins an operation of the compute provider on a resource; answers the headers that its caller polls by. */
export async function beginOperation(
  call: ArmCall,
  what: {
    readonly resource: ArmResource;
    readonly kind: string;
    readonly args?: Record<string, unknown>;
    readonly pathWord?: string;
  },
  rooms: { readonly deps: Pick<ComputeDeps, "operationMs">; readonly stamp: StampServices },
): Promise<Record<string, string>> {
  return rooms.stamp.startOperation(call, {
    kind: what.kind,
    resourceId: what.resource.id,
    arguments: what.args ?? {},
    durationMs: rooms.deps.operationMs,
    ...(what.pathWord === undefined ? {} : { pathWord: what.pathWord }),
    provider: "Microsoft.Compute",
  });
}

/** Begins an operation on a disk or snapshot: their operations lie under an address of their own. */
export async function beginDiskOperation(
  call: ArmCall,
  what: { readonly resource: ArmResource; readonly kind: string; readonly args?: Record<string, unknown> },
  rooms: { readonly deps: Pick<ComputeDeps, "operationMs">; readonly stamp: StampServices },
): Promise<Record<string, string>> {
  return await beginOperation(call, { ...what, pathWord: "DiskOperations" }, rooms);
}
