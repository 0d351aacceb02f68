import { documentedDiskCap, documentedLink, measureCaptures, measureVm, placedVmKey } from "@holdfast/domain";
import type { BackupConditions, Figure, LinkKind, PlacedVm, RecoveryPoint, VmLoad, WorkRates } from "@holdfast/domain";

/** What somebody typed of data and rates; the rest is measured by points, or assumed. */
export interface FigureOptions {
  readonly link?: LinkKind;
  /** Megabits per second, in place of a documented link. */
  readonly linkMbit?: number;
  /** Megabytes per second of one capture. */
  readonly captureRate?: number;
  readonly slots?: number;
  /** Percent of each disk. */
  readonly allocated?: number;
  /** Percent of what is allocated, each day. */
  readonly change?: number;
  /** Percent of what is read. */
  readonly stored?: number;
}

/** A figure that nobody measured. What was typed is assumed too, and says by whom. */
export function assumeFigure(value: number, typed: number | undefined, usual: string): Figure {
  return { value, provenance: "assumed", source: typed === undefined ? usual : "entered by hand" };
}

/** What a VM holds and changes: what was typed counts before what was measured, and that before what is assumed. */
export function loadOf(
  placed: PlacedVm,
  points: readonly RecoveryPoint[],
  { allocated, change }: FigureOptions,
): VmLoad & { readonly allocatedBytes: Figure } {
  const measured = measureVm(points);
  const guessed = placed.vm.disks.map(({ name, role, sizeBytes }) => ({
    name,
    role,
    allocatedBytes: assumeFigure((sizeBytes * (allocated ?? 100)) / 100, allocated, "all of each disk is allocated"),
  }));
  const disks = allocated === undefined ? (measured.disks ?? guessed) : guessed;
  const bytes = disks.reduce((sum, { allocatedBytes }) => sum + allocatedBytes.value, 0);
  const sum = { provenance: "assumed", source: "no disk", ...disks[0]?.allocatedBytes, value: bytes } as const;
  const changeGuess = assumeFigure((bytes * (change ?? 3)) / 100 / 86_400, change, "3 % of it change each day");
  return {
    vmKey: placedVmKey(placed),
    disks,
    allocatedBytes: sum,
    changedBytesPerSecond: change === undefined ? (measured.changedBytesPerSecond ?? changeGuess) : changeGuess,
  };
}

export function ratesOf(points: readonly RecoveryPoint[], options: FigureOptions): WorkRates {
  const { captureRate, slots, link, linkMbit, stored } = options;
  const measured = measureCaptures(points);
  const entered = linkMbit === undefined ? null : assumeFigure((linkMbit * 1_000_000) / 8, linkMbit, "");
  const rateGuess = assumeFigure((captureRate ?? 100) * 1_000_000, captureRate, "100 MB/s for each capture");
  const storedGuess = assumeFigure((stored ?? 50) / 100, stored, "half of what is read is stored");
  return {
    captureRate: captureRate === undefined ? (measured.captureRate ?? rateGuess) : rateGuess,
    restoreRate: assumeFigure(100_000_000, undefined, "100 MB/s for each disk restored"),
    diskCap: documentedDiskCap,
    slots: assumeFigure(slots ?? 4, slots, "4 at once"),
    link: entered ?? (link === undefined ? null : documentedLink(link)),
    storedRatio: stored === undefined ? (measured.storedRatio ?? storedGuess) : storedGuess,
  };
}

const minuteMs = 60_000;

/** What a backup is taken to run with where there is no policy yet. */
export function usualConditions(rates: WorkRates): BackupConditions {
  return {
    rates,
    usualIntervalMs: 24 * 60 * minuteMs,
    shortestIntervalMs: 15 * minuteMs,
    windowMs: null,
    publishMs: assumeFigure(minuteMs, undefined, "a minute to publish"),
    fixedPhases: [
      { name: "detect and decide", durationMs: assumeFigure(30 * minuteMs, undefined, "half an hour to decide") },
      { name: "make the VM and boot", durationMs: assumeFigure(15 * minuteMs, undefined, "a quarter of an hour") },
    ],
  };
}
