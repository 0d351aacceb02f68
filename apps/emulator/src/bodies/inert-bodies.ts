import type { BodyStart, VmBodies } from "./vm-body.ts";
import { WriteGates } from "./write-gates.ts";
import type { Sleeper } from "./system-sleeper.ts";

/** VMs with nothing behind them: they are on or off, and cost nothing. Their disks are written through the blob plane. */
export function createInertBodies(clock: Sleeper): VmBodies {
  const running = new Set<string>();
  const gates = new WriteGates(clock);
  return {
    kind: "inert",
    async start(start: BodyStart) {
      if (running.has(start.vmKey)) throw new Error(`VM ${start.vmKey} is running already`);
      running.add(start.vmKey);
    },
    async stop(vmKey) {
      running.delete(vmKey);
    },
    isRunning: (vmKey) => running.has(vmKey),
    serialLog: async () => "",
    atWriteBarrier: (volumeId, freeze, stallMs) => gates.of(volumeId).hold(freeze, stallMs),
    async [Symbol.asyncDispose]() {
      running.clear();
    },
  };
}
