import type { StampPlane } from "./start-emulator.ts";

export type VmKind = "inert" | "auto" | "real";

export interface StandardPlaneOptions {
  readonly vms: VmKind;
}

/** The planes of a whole stamp, in the order in which they stand on each other. */
export function standardPlanes(_options: StandardPlaneOptions): readonly StampPlane[] {
  return [];
}
