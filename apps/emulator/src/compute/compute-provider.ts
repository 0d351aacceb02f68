import { availabilitySetsType, setVmSizesType } from "./availability-sets.ts";
import { locationTypes } from "./compute-locations.ts";
import { imageOperations, imagesType } from "./images.ts";
import { scaleSetOperations, scaleSetTypes } from "./scale-sets.ts";
import { extensionOperations, vmExtensionsType } from "./vm-extensions.ts";
import type { OperationHandler, OperationStart, Provider, StampServices } from "../arm/provider.ts";
import { computeDeps, type ComputeRooms, type ComputeSettings } from "./compute-deps.ts";
import { computeUsage } from "./compute-usage.ts";
import { accessOperations } from "./disk-grants.ts";
import { diskOperations } from "./disk-operations.ts";
import { disksType } from "./disks.ts";
import { virtualMachinesType } from "./virtual-machines.ts";
import { bodyKey } from "./vm-body-control.ts";
import { noteGuestOff, resumeVm, vmOperations } from "./vm-operations.ts";
import { createSerialQueue, type SerialQueue } from "./serial-queue.ts";
import { snapshotOperations } from "./snapshot-operations.ts";
import { snapshotsType } from "./snapshots.ts";

/** Operations on one resource never overlap: each finds what the one before left. */
function oneByOne(
  handlers: Readonly<Record<string, OperationHandler>>,
  serially: SerialQueue,
): Record<string, OperationHandler> {
  return Object.fromEntries(
    Object.entries(handlers).map(([kind, handler]) => [
      kind,
      (start: OperationStart, stamp: StampServices) =>
        serially(start.resourceId.toLowerCase(), () => handler(start, stamp)),
    ]),
  );
}

/** Microsoft.Compute of one stamp. */
export interface ComputeProvider extends Provider {
  /** Starts the VMs that ran when the emulator ended, and moves those off lost nodes. Call at start, and when a node is lost. */
  resumeVms(stamp: StampServices): Promise<void>;
  /** Notes that a guest switched itself off: its VM is stopped, keeps its place, and is not started again. */
  noteGuestOff(bodyKey: string, stamp: StampServices): Promise<void>;
  /** The serial console of a VM so far: the platform gives it to nobody, tests read it. Undefined for an unknown VM. */
  serialLog(vmId: string, stamp: StampServices): Promise<string | undefined>;
}

/** Builds Microsoft.Compute of one stamp. */
export function createComputeProvider(rooms: ComputeRooms, settings: ComputeSettings): ComputeProvider {
  const deps = computeDeps(rooms, settings);
  const serially = createSerialQueue();
  return {
    namespace: "Microsoft.Compute",
    types: [
      disksType(deps),
      snapshotsType(deps),
      virtualMachinesType(deps),
      vmExtensionsType(deps),
      availabilitySetsType(deps),
      setVmSizesType(deps),
      imagesType(deps),
      ...scaleSetTypes(deps),
      ...locationTypes(deps),
    ],
    operationKinds: oneByOne(
      {
        ...diskOperations(deps),
        ...snapshotOperations(deps),
        ...accessOperations(deps),
        ...vmOperations(deps),
        ...extensionOperations(),
        ...imageOperations(deps),
        ...scaleSetOperations(),
      },
      serially,
    ),
    resumeVms: async (stamp) => {
      for (const { id } of stamp.resources.list("Microsoft.Compute/virtualMachines", "")) {
        await serially(id.toLowerCase(), () => resumeVm(id, deps, stamp));
      }
    },
    noteGuestOff: async (key, stamp) => {
      const vm = stamp.resources.list("Microsoft.Compute/virtualMachines", "").find((one) => bodyKey(one) === key);
      if (vm !== undefined) await serially(vm.id.toLowerCase(), () => noteGuestOff(vm.id, stamp));
    },
    serialLog: async (vmId, stamp) => {
      const vm = stamp.resources.get(vmId);
      return vm === undefined ? undefined : deps.bodies.serialLog(bodyKey(vm));
    },
    usage: (subscriptionId, stamp) => computeUsage(subscriptionId, deps, stamp),
  };
}
