import type { BlobOptions } from "../blob-store/blob-store.ts";
import type { Epoch, EpochParts, SeenWriter } from "./epoch.ts";
import { listMarks, readMark } from "./marks.ts";
import { listingShort } from "./prune-refusal.ts";

/** Prunes that must have seen a writer at the same beat before it is taken for dead. */
const silentPrunes = 3;

/** What the marks of writers say. */
export interface WriterView {
  /** Writers that may still live. */
  readonly living: readonly SeenWriter[];
  /** Writers that are to be fenced before the points are listed. */
  readonly dead: readonly string[];
  /** Writers whose marks are of no use any more. */
  readonly ended: readonly string[];
  /** The lowest epoch that a living writer had noted. */
  readonly oldestNoted: number;
}

/**
 * Reads who may be at work. `silent` are writers that this process itself has watched for long enough without a beat.
 * Raises `repository.prune.listing-short` where a writer is missing that an epoch had seen.
 */
export async function viewWriters(
  parts: EpochParts,
  latest: Epoch,
  seen: { readonly round: number; readonly silent: ReadonlySet<string>; readonly fenced: ReadonlySet<string> },
  call: BlobOptions,
): Promise<WriterView> {
  const beats = await readBeats(parts, call);
  for (const { id } of latest.writers) if (!beats.has(id) && !seen.fenced.has(id)) throw listingShort(`writers/${id}`);
  const living: SeenWriter[] = [];
  const dead: string[] = [];
  const ended: string[] = [];
  let oldestNoted = Number.POSITIVE_INFINITY;
  for (const [id, { beat, hasEnded }] of beats) {
    if (hasEnded || seen.fenced.has(id)) {
      ended.push(id);
      continue;
    }
    const before = latest.writers.find((writer) => writer.id === id);
    const isSilent = before?.beat === beat;
    const isCounted = isSilent && before.round === seen.round;
    const count = isSilent ? before.seen + (isCounted ? 0 : 1) : 1;
    if (count > silentPrunes || seen.silent.has(`${id} ${beat}`)) {
      dead.push(id);
      continue;
    }
    living.push({ id, beat, seen: count, round: seen.round });
    // A writer whose first mark is not there, or says nothing, may know of no epoch at all.
    const first = await readMark<{ readonly epoch?: number }>(parts, `writers/${id}-0`, call);
    oldestNoted = Math.min(oldestNoted, first?.epoch ?? -1);
  }
  return { living, dead, ended, oldestNoted };
}

/** The highest beat of each writer, and whether it has ended. */
export async function readBeats(parts: EpochParts, call: BlobOptions) {
  const beats = new Map<string, { beat: number; hasEnded: boolean }>();
  for (const mark of await listMarks(parts, "writers", call)) {
    const [id = "", what = ""] = mark.split("-");
    const known = beats.get(id) ?? { beat: -1, hasEnded: false };
    const number = Number(what);
    beats.set(id, {
      beat: Number.isSafeInteger(number) ? Math.max(known.beat, number) : known.beat,
      hasEnded: known.hasEnded || what === "end",
    });
  }
  return beats;
}
