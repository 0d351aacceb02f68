import type { OperationHandler, OperationStart, Provider, StampServices } from "../arm/provider.ts";
import { computeDeps, type ComputeRooms, type ComputeSettings } from "./compute-deps.ts";
import { computeUsage } from "./compute-usage.ts";
import { accessOperations } from "./disk-grants.ts";
import { diskOperations } from "./disk-operations.ts";
import { disksType } from "./disks.ts";
import { createSerialQueue } from "./serial-queue.ts";
import { snapshotOperations } from "./snapshot-operations.ts";
import { snapshotsType } from "./snapshots.ts";

/** Operations on one resource never overlap: each finds what the one before left. */
function oneByOne(handlers: Readonly<Record<string, OperationHandler>>): Record<string, OperationHandler> {
  const serially = createSerialQueue();
  return Object.fromEntries(
    Object.entries(handlers).map(([kind, handler]) => [
      kind,
      (start: OperationStart, stamp: StampServices) =>
        serially(start.resourceId.toLowerCase(), () => handler(start, stamp)),
    ]),
  );
}

/** Builds Microsoft.Compute of one stamp. */
export function createComputeProvider(rooms: ComputeRooms, settings: ComputeSettings): Provider {
  const deps = computeDeps(rooms, settings);
  return {
    namespace: "Microsoft.Compute",
    types: [disksType(deps), snapshotsType(deps)],
    operationKinds: oneByOne({ ...diskOperations(deps), ...snapshotOperations(deps), ...accessOperations(deps) }),
    usage: (subscriptionId, stamp) => computeUsage(subscriptionId, deps, stamp),
  };
}
