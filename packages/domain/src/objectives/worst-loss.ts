import { reckonFigure } from "../evidence/figure.ts";
import type { Figure } from "../evidence/figure.ts";

/** The four spans of which the worst loss is made, in milliseconds. */
export interface LossParts {
  /** From the start of one capture to the start of the next. */
  readonly intervalMs: Figure;
  /** From the snapshot to the last byte read. */
  readonly captureMs: Figure;
  /** What it takes longer to bring the bytes to the place that survives. */
  readonly transferMs: Figure;
  /** From the last byte there to a point that can be used. */
  readonly publishMs: Figure;
}

/** The loss to be expected, in milliseconds, should the disaster come just before the next point can be used. */
export function predictWorstLoss({ intervalMs, captureMs, transferMs, publishMs }: LossParts): Figure {
  const parts = [intervalMs, captureMs, transferMs, publishMs];
  const sumMs = parts.reduce((sum, { value }) => sum + value, 0);
  return reckonFigure(sumMs, parts, "interval + capture + transfer + publish");
}

/** A copy of a point as the loss sees it: what it holds, and from when until when it can be used. */
export interface UsableCopy {
  /** The instant whose data it holds: of several disks the earliest. */
  readonly dataAtMs: number;
  readonly usableAtMs: number;
  /**
   * When it was deleted; null while it is there. Deleted copies belong to the evidence: without them the gaps that
   * retention leaves between older points would be taken for missed captures.
   */
  readonly removedAtMs: number | null;
}

/** What copies achieved. Both null where nothing bounds the loss, at any moment or now. */
export interface CopyLoss {
  readonly worstLossMs: number | null;
  /** Recovery-point age: what would be lost now. */
  readonly ageMs: number | null;
}

/**
 * The most that would have been lost at any moment of a span, in milliseconds, from when the first copy could be used.
 * Between two copies it is interval + capture + transfer + publish of the second; since the last it is what has passed.
 */
export function measureCopyLoss(
  copies: readonly UsableCopy[],
  { fromMs, nowMs }: { readonly fromMs: number; readonly nowMs: number },
): CopyLoss {
  const events = lossEvents(copies, nowMs);
  const live = new Set<UsableCopy>();
  let newestDataAtMs: number | null = null;
  let worstLossMs = 0;
  let hasGap = events.length === 0;
  let atMs = Number.NEGATIVE_INFINITY;
  const passUntil = (untilMs: number): void => {
    // A span that ends before the window, and one without length, were no moment at which anything could be lost.
    const hasMoments = untilMs > atMs && untilMs > fromMs && atMs !== Number.NEGATIVE_INFINITY;
    if (hasMoments && newestDataAtMs === null) hasGap = true;
    if (hasMoments && newestDataAtMs !== null) worstLossMs = Math.max(worstLossMs, untilMs - newestDataAtMs);
    atMs = untilMs;
  };
  for (const event of events) {
    passUntil(event.atMs);
    if (event.kind === "usable") {
      live.add(event.copy);
      newestDataAtMs = Math.max(newestDataAtMs ?? event.copy.dataAtMs, event.copy.dataAtMs);
    } else {
      live.delete(event.copy);
      if (event.copy.dataAtMs === newestDataAtMs) newestDataAtMs = newestOf(live);
    }
  }
  passUntil(nowMs);
  const ageMs = newestDataAtMs === null ? null : nowMs - newestDataAtMs;
  return { worstLossMs: hasGap || ageMs === null ? null : Math.max(worstLossMs, ageMs), ageMs };
}

interface LossEvent {
  readonly atMs: number;
  readonly kind: "usable" | "removed";
  readonly copy: UsableCopy;
}

/** What became usable or was removed by now, in order; at one instant what comes is there before what goes. */
function lossEvents(copies: readonly UsableCopy[], nowMs: number): readonly LossEvent[] {
  const counting = copies.filter(
    ({ usableAtMs, removedAtMs }) => usableAtMs <= nowMs && (removedAtMs === null || removedAtMs > usableAtMs),
  );
  const usable = counting.map((copy): LossEvent => ({ atMs: copy.usableAtMs, kind: "usable", copy }));
  const removed = counting.flatMap((copy): LossEvent[] =>
    copy.removedAtMs === null || copy.removedAtMs > nowMs ? [] : [{ atMs: copy.removedAtMs, kind: "removed", copy }],
  );
  return [...usable, ...removed].sort(
    (a, b) => a.atMs - b.atMs || (a.kind === b.kind ? 0 : a.kind === "usable" ? -1 : 1),
  );
}

function newestOf(live: ReadonlySet<UsableCopy>): number | null {
  let newest: number | null = null;
  for (const { dataAtMs } of live) newest = Math.max(newest ?? dataAtMs, dataAtMs);
  return newest;
}
