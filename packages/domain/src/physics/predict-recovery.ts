import { formatBytes, formatDuration } from "@holdfast/kernel";
import { reckonFigure } from "../evidence/figure.ts";
import type { Figure } from "../evidence/figure.ts";
import { allocatedBytesOf } from "./application-load.ts";
import type { DiskLoad, VmLoad, WorkRates } from "./application-load.ts";
import { boundParallel, leastParallel } from "./bound-parallel.ts";
import { judgeTerms } from "./judge-terms.ts";
import type { Term, TermVerdict } from "./judge-terms.ts";

/** A stretch of a recovery that does not depend on bytes, in milliseconds: detect, decide, make the VM, boot, check. */
export interface FixedPhase {
  readonly name: string;
  readonly durationMs: Figure;
}

export interface RecoveryInput {
  readonly vms: readonly VmLoad[];
  readonly rates: WorkRates;
  readonly rtoMs: number;
  /** Detection and decision count, so they belong here. */
  readonly fixedPhases: readonly FixedPhase[];
  /** Time of a redeployment from a template, in milliseconds; null where none was ever timed. */
  readonly redeployMs: Figure | null;
}

export interface RecoveryPrediction extends TermVerdict {
  readonly terms: readonly Term[];
  /** What would make it so; empty where the RTO is reached. */
  readonly remedies: readonly string[];
}

/** Predicts the recovery of an application from its recovery points, and whether its RTO is reachable. */
export function predictRecovery(input: RecoveryInput): RecoveryPrediction {
  const { rtoMs } = input;
  const terms = termsFor(input, (disk) => disk.allocatedBytes.value > 0);
  const verdict = judgeTerms(terms, rtoMs);
  return { ...verdict, terms, remedies: verdict.severity === null ? [] : remediesOf(input) };
}

function termsFor(
  { vms, rates, fixedPhases }: RecoveryInput,
  isRestored: (disk: DiskLoad) => boolean,
): readonly Term[] {
  const disks = vms.flatMap((vm) => vm.disks).filter(isRestored);
  const fixed = fixedPhases.map(({ name, durationMs }): Term => ({ name, boundsMs: [durationMs] }));
  if (disks.length === 0) return fixed;
  const [boundsMs, leastMs] = [restoreBounds(disks, rates, boundParallel), restoreBounds(disks, rates, leastParallel)];
  return [...fixed, { name: "restore", boundsMs, leastMs }];
}

/** What bounds the restore of disks: the slots and their rate, the cap of the largest disk, and the link. They run at once. */
function restoreBounds(disks: readonly DiskLoad[], rates: WorkRates, bound: typeof boundParallel): readonly Figure[] {
  const { restoreRate, diskCap, slots, link, storedRatio } = rates;
  const sizes = disks.map(({ allocatedBytes }) => allocatedBytes);
  const largest = sizes.reduce((worst, one) => (one.value > worst.value ? one : worst));
  const timesMs = sizes.map(({ value }) => (value / restoreRate.value) * 1000);
  const bounds = [
    reckonFigure(bound(timesMs, slots.value), [...sizes, restoreRate, slots], "bytes / restore rate"),
    reckonFigure((largest.value / diskCap.value) * 1000, [largest, diskCap], "largest disk / cap of a disk"),
  ];
  if (link === null) return bounds;
  const sentMs = ((allocatedBytesOf(disks) * storedRatio.value) / link.value) * 1000;
  return [...bounds, reckonFigure(sentMs, [...sizes, storedRatio, link], "bytes * stored ratio / link")];
}

function remediesOf(input: RecoveryInput): readonly string[] {
  const { rtoMs, vms, rates, redeployMs, fixedPhases } = input;
  const disks = vms.flatMap((vm) => vm.disks);
  const fixedMs = fixedPhases.reduce((sum, { durationMs }) => sum + durationMs.value, 0);
  const leftMs = rtoMs - fixedMs;
  if (leftMs <= 0) {
    const named = fixedPhases.map(({ name, durationMs }) => `${name} ${formatDuration(durationMs.value)}`).join(", ");
    return [
      `high availability, or shorter phases: without any data the recovery takes ${formatDuration(fixedMs)} (${named})`,
    ];
  }
  const remedies = [`replicate: a failover moves no data, and takes ${formatDuration(fixedMs)}`];
  const isData = ({ role }: DiskLoad): boolean => role === "data";
  if (redeployMs !== null && disks.some(isData)) {
    const dataMs = judgeTerms(termsFor(input, isData), rtoMs).predictedMs.value;
    const totalMs = redeployMs.value + dataMs;
    if (totalMs <= rtoMs)
      remedies.push(`redeploy from a template and restore only the data disks: ${formatDuration(totalMs)}`);
  }
  const largest = disks.reduce((worst, { allocatedBytes }) => Math.max(worst, allocatedBytes.value), 0);
  const perDisk = (Math.min(rates.restoreRate.value, rates.diskCap.value) * leftMs) / 1000;
  if (largest > perDisk)
    remedies.push(`disks of at most ${formatBytes(perDisk)} of data each; the largest holds ${formatBytes(largest)}`);
  const bytes = allocatedBytesOf(disks);
  const neededSlots = Math.ceil((bytes / rates.restoreRate.value) * (1000 / leftMs));
  if (neededSlots > rates.slots.value) remedies.push(`${neededSlots} restores at once`);
  const neededLink = ((bytes * rates.storedRatio.value) / leftMs) * 1000;
  if (rates.link !== null && neededLink > rates.link.value)
    remedies.push(`a link of ${formatBytes(neededLink)}/s, or a copy of the points on the target's side of it`);
  return remedies;
}
