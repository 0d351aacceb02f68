import type { Figure } from "../evidence/figure.ts";

/** One disk, as far as time depends on it. */
export interface DiskLoad {
  readonly name: string;
  readonly role: "os" | "data";
  /** Bytes that are not zero. */
  readonly allocatedBytes: Figure;
}

/** One VM, as far as time depends on it. */
export interface VmLoad {
  readonly vmKey: string;
  readonly disks: readonly DiskLoad[];
  readonly changedBytesPerSecond: Figure;
}

/** How fast and how many at once. Rates in bytes per second. */
export interface WorkRates {
  /** Of one capture. */
  readonly captureRate: Figure;
  /** Of one disk that is restored. */
  readonly restoreRate: Figure;
  /** The most that the platform lets one disk do. */
  readonly diskCap: Figure;
  /** How many captures or restores run at once. */
  readonly slots: Figure;
  /** Between the stamp and where points lie; null where it is not the narrow place. */
  readonly link: Figure | null;
  /** Bytes stored and sent for each byte captured: after deduplication and compression. Above 0, rarely above 1. */
  readonly storedRatio: Figure;
}

export function allocatedBytesOf(disks: readonly DiskLoad[]): number {
  return disks.reduce((sum, { allocatedBytes }) => sum + allocatedBytes.value, 0);
}
