import type { StampContext, StampPlane } from "../core/start-emulator.ts";
import type { ComputeRooms, ComputeSettings } from "./compute-deps.ts";
import { createComputeProvider } from "./compute-provider.ts";

/**
 * Plugs Microsoft.Compute into a stamp: build, quotas and faults come from the stamp, and the VMs that ran when it ended
 * are started again. The rooms must be ready when it is called: give it after the blob plane.
 */
export function computePlane(
  roomsOf: (context: StampContext) => ComputeRooms,
  settings: Partial<ComputeSettings> = {},
): StampPlane {
  return async (context) => {
    const { stamp, faults } = context;
    const { config, services } = stamp.core;
    const lostNodes = (): number[] =>
      faults.list().flatMap(({ fault }) => (fault.kind === "lose-node" ? [fault.node] : []));
    const provider = createComputeProvider(roomsOf(context), {
      build: config.build,
      quotas: config.quotas,
      stallMs: (diskId) => faults.take("stall-guest-io", diskId)?.stallMs,
      isNodeLost: (node) => lostNodes().includes(node),
      ...settings,
    });
    const moveVms = async (): Promise<void> => {
      if (lostNodes().length > 0) await provider.resumeVms(services);
    };
    faults.onChange(() => void moveVms());
    await provider.resumeVms(services);
    return { providers: [provider] };
  };
}
