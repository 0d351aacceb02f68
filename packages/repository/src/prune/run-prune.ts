import type { Clock } from "@holdfast/kernel";
import type { BlobOptions } from "../blob-store/blob-store.ts";
import type { ChunkStore } from "../chunk-store.ts";
import { carryOut } from "./carry-out.ts";
import { latestEpochNumber, noEpoch, putEpoch, readLatestEpoch, sweepEpochs } from "./epoch.ts";
import type { Epoch, EpochParts } from "./epoch.ts";
import { readBeats } from "./living-writers.ts";
import { planEpoch } from "./plan-epoch.ts";
import type { EpochRules, PlannedEpoch } from "./plan-epoch.ts";
import { pruneBusy, pruneUnsafe } from "./prune-refusal.ts";
import type { Writers } from "./writers.ts";

export interface PruneOptions extends BlobOptions {
  /** Says what would go, and changes nothing. */
  readonly isDryRun?: boolean;
  /** Prunes that a deleted point can still be brought back after. */
  readonly graceRounds?: number;
  /** Packs of which more than this share is dead are written anew, */
  readonly deadShare?: number;
  /** once what is dead in packs that are needed is more than this share of all packs. */
  readonly maxDead?: number;
  /** How long to watch silent writers before they are taken for dead. Without it they are after three prunes. */
  readonly watchMs?: number;
  readonly onProgress?: (progress: { readonly phase: PrunePhase }) => void;
}

export type PrunePhase = "read" | "mark" | "rewrite" | "delete";

export interface PruneParts extends EpochParts {
  readonly chunks: ChunkStore;
  readonly writers: Writers;
  readonly clock?: Clock;
}

export interface PruneReport {
  readonly isDryRun: boolean;
  /** The epoch that counts now. */
  readonly epoch: number;
  readonly deletedPacks: number;
  /** What the deleted packs took. */
  readonly freedBytes: number;
  readonly rewrittenPacks: number;
  /** What the rewritten packs' chunks take anew. */
  readonly writtenBytes: number;
  readonly expiredPoints: readonly string[];
  /** Packs that nobody needs and that a later prune may delete. */
  readonly waitingPacks: number;
  readonly waitingBytes: number;
  /** Writers that may still live and hold packs back. */
  readonly livingWriters: readonly string[];
  readonly fencedWriters: readonly string[];
  /** Packs that were to go and stay, because a chunk's other copy does not open. */
  readonly unprovenPacks: readonly string[];
  readonly isStoreFull: boolean;
}

export const defaultGraceRounds = 2;
const defaultDeadShare = 0.3;
export const defaultMaxDead = 0.05;
/** The first epoch condemns, the second deletes. */
const epochsOfPrune = 2;
const attempts = 4;

/**
 * Deletes what no point needs, beside whatever else goes on. Killed anywhere, it can be started again. Raises
 * `repository.prune.*`; the protocol and its reasons stand in docs/concurrency.md.
 */
export async function runPrune(parts: PruneParts, options: PruneOptions = {}): Promise<PruneReport> {
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const traits = await parts.store.readTraits?.(call);
  if (traits?.hasExclusiveCreate === false) throw pruneUnsafe();
  const silent = await watchWriters(parts, options, call);
  const { graceRounds = defaultGraceRounds, deadShare = defaultDeadShare, maxDead = defaultMaxDead } = options;
  const done: PlannedEpoch[] = [];
  let latest: Epoch = noEpoch;
  let round = 0;
  for (let lost = 0; done.length < epochsOfPrune;) {
    latest = await settle(parts, options, call);
    // Never less than another prune counted meanwhile: the margin of deleted points hangs on it.
    round = Math.max(round, done.length === 0 ? latest.round + 1 : latest.round);
    const rules = { round, graceRounds, deadShare, maxDead, silent, isDryRun: options.isDryRun === true };
    const onPhase = (phase: PrunePhase): void => options.onProgress?.({ phase });
    const planned = await planUnlessLate(parts, latest, rules, { ...call, onPhase });
    if (planned !== null && rules.isDryRun) return reportOf([planned], latest.epoch, true);
    if (planned === null || !(await putEpoch(parts, planned.epoch, call))) {
      lost += 1;
      if (lost >= attempts) throw pruneBusy();
      continue;
    }
    latest = planned.epoch;
    done.push(planned);
    options.onProgress?.({ phase: "delete" });
    await carryOut(parts, latest, call);
    if (!planned.wantsAnother) break;
  }
  await sweepEpochs(parts.store, latest.epoch, call);
  return reportOf(done, latest.epoch, false);
}

/** Plans an epoch; answers null where another prune was faster, whose deletions this one then ran into. */
async function planUnlessLate(
  parts: PruneParts,
  latest: Epoch,
  rules: EpochRules,
  call: BlobOptions & { readonly onPhase: (phase: PrunePhase) => void },
): Promise<PlannedEpoch | null> {
  try {
    return await planEpoch(parts, latest, rules, call);
  } catch (error) {
    if (call.signal?.aborted === true || (await latestEpochNumber(parts.store, call)) === latest.epoch) throw error;
    return null;
  }
}

/** Reads the epoch that counts, brings what it orders to its end, and reads the index as it is then. */
async function settle(parts: PruneParts, options: PruneOptions, call: BlobOptions): Promise<Epoch> {
  options.onProgress?.({ phase: "read" });
  const latest = await readLatestEpoch(parts, call);
  if (options.isDryRun !== true) await carryOut(parts, latest, call);
  return latest;
}

/** Watches writers for a while by this process's own clock. Answers those that showed no new beat, each with its beat. */
async function watchWriters(parts: PruneParts, options: PruneOptions, call: BlobOptions): Promise<Set<string>> {
  const { clock } = parts;
  if (options.watchMs === undefined || clock === undefined || options.isDryRun === true) return new Set();
  const before = await readBeats(parts, call);
  const living = [...before].filter(([, { hasEnded }]) => !hasEnded);
  if (living.length === 0) return new Set();
  const startedMs = clock.monotonicMs();
  while (clock.monotonicMs() - startedMs < options.watchMs)
    await clock.sleep(options.watchMs - (clock.monotonicMs() - startedMs), call);
  const after = await readBeats(parts, call);
  return new Set(
    living.filter(([id, { beat }]) => after.get(id)?.beat === beat).map(([id, { beat }]) => `${id} ${beat}`),
  );
}

function reportOf(planned: readonly PlannedEpoch[], epoch: number, isDryRun: boolean): PruneReport {
  const sum = (pick: (one: PlannedEpoch) => number): number => planned.reduce((total, one) => total + pick(one), 0);
  const last = planned.at(-1)!;
  return {
    isDryRun,
    epoch,
    deletedPacks: sum((one) => (isDryRun ? one.unneeded.packs : one.doomed.packs)),
    freedBytes: sum((one) => (isDryRun ? one.unneeded.bytes : one.doomed.bytes)),
    rewrittenPacks: sum((one) => one.rewrittenPacks),
    writtenBytes: sum((one) => one.writtenBytes),
    expiredPoints: planned.flatMap((one) => one.expiredPoints),
    waitingPacks: isDryRun ? 0 : last.unneeded.packs - last.doomed.packs,
    waitingBytes: isDryRun ? 0 : last.unneeded.bytes - last.doomed.bytes,
    livingWriters: last.epoch.writers.map(({ id }) => id),
    fencedWriters: planned.flatMap((one) => one.fencedNow),
    unprovenPacks: last.unproven,
    isStoreFull: planned.some((one) => one.isStoreFull),
  };
}
