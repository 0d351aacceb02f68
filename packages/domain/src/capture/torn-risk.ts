import type { PowerState } from "../inventory/vm.ts";
import type { TornRisk } from "../recovery-point/recovery-point.ts";

export interface TornRiskInput {
  readonly diskCount: number;
  readonly skewMs: number;
  /** The worst of the power states seen just before and just after the snapshots. */
  readonly powerStates: readonly PowerState[];
}

/**
 * Says whether data that spans disks may have been cut apart. The platform has no snapshot of a group of disks, and
 * from outside the guest nobody sees a stripe, an LVM volume or a database over several disks: they are assumed.
 */
export function judgeTornRisk(input: TornRiskInput): TornRisk {
  if (input.diskCount < 2) return { isAtRisk: false, reasons: [] };
  if (input.powerStates.length > 0 && input.powerStates.every(isQuiet)) return { isAtRisk: false, reasons: [] };
  return {
    isAtRisk: true,
    reasons: [
      `${input.diskCount} disks were snapshotted one by one, ${input.skewMs} ms apart, while the VM could write`,
      "a stripe, an LVM volume or a database over several of these disks cannot be seen from outside the guest",
    ],
  };
}

/** True where the guest surely writes nothing. `unknown` is never taken for stopped. */
export function isQuiet(state: PowerState): boolean {
  return state === "stopped" || state === "deallocated";
}
