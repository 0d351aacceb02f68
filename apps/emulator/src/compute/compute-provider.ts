import type { Provider } from "../arm/provider.ts";
import { computeDeps, type ComputeRooms, type ComputeSettings } from "./compute-deps.ts";
import { computeUsage } from "./compute-usage.ts";
import { accessOperations } from "./disk-grants.ts";
import { diskOperations } from "./disk-operations.ts";
import { disksType } from "./disks.ts";
import { snapshotOperations } from "./snapshot-operations.ts";
import { snapshotsType } from "./snapshots.ts";

/** Builds Microsoft.Compute of one stamp. */
export function createComputeProvider(rooms: ComputeRooms, settings: ComputeSettings): Provider {
  const deps = computeDeps(rooms, settings);
  return {
    namespace: "Microsoft.Compute",
    types: [disksType(deps), snapshotsType(deps)],
    operationKinds: { ...diskOperations(deps), ...snapshotOperations(deps), ...accessOperations(deps) },
    usage: (subscriptionId, stamp) => computeUsage(subscriptionId, deps, stamp),
  };
}
