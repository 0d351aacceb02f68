import type { BlobOptions } from "../blob-store/blob-store.ts";
import { checkChunks } from "../check/check-chunks.ts";
import { createRowSet } from "../chunk-index/row-set.ts";
import type { RowSet } from "../chunk-index/row-set.ts";
import { asDamage } from "../failure.ts";
import { packName } from "../format/pack.ts";
import { judgePoints } from "./judge-points.ts";
import type { PointView } from "./judge-points.ts";
import { rulesOf } from "./epoch.ts";
import type { Epoch, EpochParts } from "./epoch.ts";
import { viewWriters } from "./living-writers.ts";
import type { WriterView } from "./living-writers.ts";
import { createHomes, markChunks, measurePacks } from "./mark-chunks.ts";
import type { Homes } from "./mark-chunks.ts";
import { listMarks, putMark } from "./marks.ts";
import { planIndexes, putMergedIndexes } from "./merge-indexes.ts";
import { planPacks } from "./plan-packs.ts";
import type { PackPlan } from "./plan-packs.ts";
import { pruneRefused } from "./prune-refusal.ts";
import { rewritePacks } from "./rewrite-packs.ts";
import type { PruneParts, PrunePhase } from "./run-prune.ts";

export interface EpochRules {
  readonly round: number;
  readonly graceRounds: number;
  readonly deadShare: number;
  readonly maxDead: number;
  /** Writers that were watched, as `<id> <beat>`. */
  readonly silent: ReadonlySet<string>;
  readonly isDryRun: boolean;
}

interface Amount {
  readonly packs: number;
  readonly bytes: number;
}

export interface PlannedEpoch {
  readonly epoch: Epoch;
  readonly doomed: Amount;
  /** Packs that nobody needs: the doomed ones and those that are only condemned. */
  readonly unneeded: Amount;
  readonly rewrittenPacks: number;
  readonly writtenBytes: number;
  readonly expiredPoints: readonly string[];
  readonly fencedNow: readonly string[];
  readonly unproven: readonly string[];
  readonly isStoreFull: boolean;
  /** Whether an epoch right after this one could delete more. */
  readonly wantsAnother: boolean;
}

type Call = BlobOptions & { readonly onPhase: (phase: PrunePhase) => void };

/** Plans the epoch after the latest. Its order of reading is what its safety rests on: docs/concurrency.md. */
export async function planEpoch(
  parts: PruneParts,
  latest: Epoch,
  rules: EpochRules,
  { onPhase, ...call }: Call,
): Promise<PlannedEpoch> {
  const number = latest.epoch + 1;
  const fencedBefore = new Set([...latest.fenced, ...(await listMarks(parts, "fenced", call))]);
  const view = await viewWriters(parts, latest, { ...rules, fenced: fencedBefore }, call);
  const fenced = rules.isDryRun ? [...fencedBefore] : await fenceWriters(parts, view.dead, call);
  const points = await judgePoints(parts, latest, rules, call);
  if (!rules.isDryRun) await markUnacknowledged(parts, points, call);
  onPhase("mark");
  const marked = await markAll(parts, latest, points, call);
  const { orphans, kept } = await listOrphans(parts, latest, call);
  const { condemned: condemnedBefore } = latest;
  const basis = { ...rules, epoch: number, condemned: condemnedBefore, packs: marked.uses, orphans };
  const plan = planPacks({ ...basis, oldestNoted: view.oldestNoted });
  const unproven = await findUnproven(parts, plan, marked, call);
  const doomed = [...kept, ...plan.doomed.filter((packId) => !unproven.has(packId))];
  onPhase("rewrite");
  const order = { packIds: plan.rewritten, living: marked.living };
  const moved = rules.isDryRun
    ? { rewritten: plan.rewritten, writtenBytes: livingBytesOf(marked.uses, plan.rewritten), isStoreFull: false }
    : await rewritePacks(parts.chunks, parts.writers, order, call);
  const condemned = {
    ...plan.condemned,
    ...Object.fromEntries(moved.rewritten.map((packId) => [packId, number])),
    ...Object.fromEntries([...unproven].map((packId) => [packId, condemnedBefore[packId]!])),
  };
  const indexes = planIndexes(parts.chunks.indexes.objects, latest, { doomed, fenced });
  const merging = { epoch: number, packIds: rules.isDryRun ? [] : indexes.packIds };
  const made = await putMergedIndexes(parts, parts.chunks, merging, call);
  const retired = new Set(indexes.retired);
  const epoch: Epoch = {
    epoch: number,
    round: rules.round,
    condemned,
    doomed,
    retired: indexes.retired,
    merged: [...latest.merged.filter((name) => !retired.has(name)), ...made],
    fenced,
    ...pointsOf(points, number),
    writers: view.living,
    ended: view.ended,
  };
  const sizes = await sizesOf(parts, marked.uses, orphans, call);
  return {
    epoch,
    doomed: amountOf(doomed, sizes),
    unneeded: amountOf([...doomed, ...Object.keys(condemned)], sizes),
    rewrittenPacks: moved.rewritten.length,
    writtenBytes: moved.writtenBytes,
    expiredPoints: [...points.expiring.map(({ id }) => id), ...points.unacknowledged],
    fencedNow: view.dead,
    unproven: [...unproven],
    isStoreFull: moved.isStoreFull,
    wantsAnother: wantsAnother(epoch, view),
  };
}

/** What the epoch condemns can be deleted by the next one, unless a writer is in the way. */
function wantsAnother(epoch: Epoch, view: WriterView): boolean {
  const isFree = (since: number): boolean => since <= view.oldestNoted;
  return Object.keys(epoch.expired).length > 0 || Object.values(epoch.condemned).some(isFree);
}

function pointsOf(points: PointView, number: number): Pick<Epoch, "points" | "expired" | "dropped"> {
  const expiring = points.expiring.map(({ id }) => id);
  return {
    points: [...points.living.map(({ id }) => id), ...expiring],
    expired: Object.fromEntries([...expiring, ...points.unacknowledged].map((id) => [id, number])),
    dropped: points.dropped,
  };
}

/** Hides points that nobody may count on, so that the next epoch drops them. */
async function markUnacknowledged(parts: PruneParts, { unacknowledged }: PointView, call: BlobOptions): Promise<void> {
  for (const id of unacknowledged) await putMark(parts, `deleted/${id}`, { round: 0, why: "unacknowledged" }, call);
}

interface Marked {
  readonly homes: Homes;
  readonly living: RowSet;
  readonly uses: ReturnType<typeof measurePacks>;
}

async function markAll(parts: PruneParts, latest: Epoch, points: PointView, call: BlobOptions): Promise<Marked> {
  const { chunks } = parts;
  try {
    // After the points were listed: the index of each of them is there.
    await loadIndex(parts, latest, call);
    for (const harm of chunks.indexes.damage.values()) throw harm;
    const homes = createHomes(chunks, latest.condemned);
    const living = await markChunks(chunks, homes, points.living, call);
    const expiring = await markChunks(chunks, homes, points.expiring, call);
    return { homes, living, uses: measurePacks(chunks, living, expiring) };
  } catch (error) {
    if (asDamage(error, "repository") === null) throw error;
    throw pruneRefused(error);
  }
}

/** Packs in the store that no index object names which counts, and doomed ones that a lock kept. */
async function listOrphans({ store, chunks }: PruneParts, latest: Epoch, call: BlobOptions) {
  const { indexes } = chunks;
  const doomed = new Set(latest.doomed);
  const orphans: string[] = [];
  const kept: string[] = [];
  for await (const name of store.list("packs/", call)) {
    const packId = name.slice(name.lastIndexOf("/") + 1);
    if (packName(packId) !== name) continue;
    const isNamed = indexes.table.rowsOf(packId) !== null && indexes.isNamed(packId);
    if (doomed.has(packId)) kept.push(packId);
    else if (!isNamed) orphans.push(packId);
  }
  return { orphans, kept };
}

/**
 * Opens the other copy of every living chunk in the packs that are to go. Answers the packs that must stay, because a copy
 * does not open: which copy is the good one is then for a check to say.
 */
async function findUnproven(
  { chunks }: PruneParts,
  { doomed }: PackPlan,
  { homes, living }: Marked,
  call: BlobOptions,
): Promise<Set<string>> {
  const { table } = chunks.indexes;
  const withCopies = new Set<string>();
  const copies = createRowSet();
  for (const packId of doomed) {
    const rows = table.rowsOf(packId);
    for (let row = rows?.first ?? 0; row < (rows?.end ?? 0); row += 1) {
      const home = homes.rowOf(table.placeAt(row).entry.id);
      if (home < 0 || !living.has(home)) continue;
      copies.add(home);
      withCopies.add(packId);
    }
  }
  if (copies.size === 0) return withCopies;
  const { harms, spared } = await checkChunks(chunks, copies, call);
  return harms.size + spared.length === 0 ? new Set() : withCopies;
}

async function sizesOf(
  { store }: PruneParts,
  uses: ReturnType<typeof measurePacks>,
  orphans: readonly string[],
  call: BlobOptions,
): Promise<Map<string, number>> {
  const sizes = new Map(uses.map(({ packId, bytes }) => [packId, bytes]));
  for (const packId of orphans) sizes.set(packId, (await store.size(packName(packId), call)) ?? 0);
  return sizes;
}

function amountOf(packIds: readonly string[], sizes: ReadonlyMap<string, number>): Amount {
  return { packs: packIds.length, bytes: packIds.reduce((sum, packId) => sum + (sizes.get(packId) ?? 0), 0) };
}

function livingBytesOf(uses: ReturnType<typeof measurePacks>, packIds: readonly string[]): number {
  const wanted = new Set(packIds);
  return uses.reduce((sum, { packId, livingBytes }) => sum + (wanted.has(packId) ? livingBytes : 0), 0);
}

/** Fences writers, and answers all that are fenced now. To be called before the points are listed. */
async function fenceWriters(parts: EpochParts, dead: readonly string[], call: BlobOptions): Promise<string[]> {
  for (const id of dead) await putMark(parts, `fenced/${id}`, {}, call);
  return await listMarks(parts, "fenced", call);
}

/** Makes the rules of an epoch those of the open repository, over all of the index as it is now. */
async function loadIndex({ chunks }: PruneParts, latest: Epoch, call: BlobOptions): Promise<void> {
  await chunks.indexes.loadWhole(call);
  await chunks.indexes.setRules(rulesOf(latest), call);
}
