import type { OpenTimes } from "./open-times.ts";
import { latestTurn, stableFraction } from "./spread.ts";
import type { TimeSpan } from "./work-calendar.ts";

const firstRetryMs = 5 * 60_000;
/** Shorter than how far openings are looked at: a place in one must not move while it is waited for. */
const maxSpreadMs = 7 * 86_400_000;

/** A protected VM, as the schedule sees it. Times in milliseconds since the epoch. */
export interface ScheduledVm {
  /** The same for ever, and of this VM only. */
  readonly key: string;
  readonly intervalMs: number;
  readonly rpoMs: number;
  /** 1 goes first where nothing else tells two apart. */
  readonly priority: number;
  /** How long it takes until its next point can be used. */
  readonly expectedMs: number;
  /** Since when it is to be protected. */
  readonly enrolledAtMs: number;
  /** What the newest point that can be used holds the data of; null where there is none. */
  readonly newestDataAtMs: number | null;
  readonly lastStartedAtMs: number | null;
  /** Attempts since the last one that succeeded. */
  readonly failedInARow: number;
  readonly isRunning: boolean;
}

export type DueReason = "first" | "turn" | "retry" | "clock-set-back";

export type Due =
  /** `turnMs` names the run: whoever decides the same turn twice decides the same run. */
  | { readonly isDue: true; readonly why: DueReason; readonly turnMs: number }
  | {
      readonly isDue: false;
      readonly why: "running" | "not-yet" | "closed" | "never-open";
      readonly nextMs: number | null;
    };

/**
 * Decides whether a VM's next capture is to begin now. However many turns were missed, by an outage or a closed window, one
 * capture makes up for all. A turn that comes while work may not begin is moved into the next opening, to a place there that
 * is the VM's own, so that a window does not begin with everything at once. A clock that was set back costs one capture more,
 * and never a pause.
 */
export function decideDue(vm: ScheduledVm, open: OpenTimes, nowMs: number): Due {
  if (vm.isRunning) return { isDue: false, why: "running", nextMs: null };
  const { why, turnMs } = nextTurn(vm, nowMs);
  const opening = open.next(turnMs);
  if (opening === null) return { isDue: false, why: "never-open", nextMs: null };
  const placeMs = opening.start <= turnMs ? turnMs : placeIn(opening, vm);
  if (placeMs > nowMs) return { isDue: false, why: "not-yet", nextMs: placeMs };
  const current = open.around(nowMs);
  if (current === null) return waitForOpening(vm, open, nowMs);
  // An opening that was missed whole: the next one has a place for each VM again.
  const againMs = opening.end > nowMs ? placeMs : placeIn(current, vm);
  if (againMs > nowMs) return { isDue: false, why: "not-yet", nextMs: againMs };
  return { isDue: true, why, turnMs };
}

function waitForOpening(vm: ScheduledVm, open: OpenTimes, nowMs: number): Due {
  const opening = open.next(nowMs);
  if (opening === null) return { isDue: false, why: "never-open", nextMs: null };
  return { isDue: false, why: "closed", nextMs: placeIn(opening, vm) };
}

function nextTurn(vm: ScheduledVm, nowMs: number): { readonly why: DueReason; readonly turnMs: number } {
  const { key, intervalMs, enrolledAtMs, lastStartedAtMs, failedInARow } = vm;
  if (lastStartedAtMs === null) return { why: "first", turnMs: Math.min(enrolledAtMs, nowMs) };
  if (lastStartedAtMs > nowMs) return { why: "clock-set-back", turnMs: nowMs };
  if (failedInARow > 0) return { why: "retry", turnMs: lastStartedAtMs + retryDelayMs(failedInARow, intervalMs) };
  const turnMs = latestTurn(key, intervalMs, nowMs);
  return { why: "turn", turnMs: turnMs > lastStartedAtMs ? turnMs : turnMs + intervalMs };
}

/** Doubles with each failure, up to the interval. */
export function retryDelayMs(failedInARow: number, intervalMs: number): number {
  return Math.min(intervalMs, firstRetryMs * 2 ** Math.min(30, failedInARow - 1));
}

/**
 * A VM's own place in an opening, such that its capture ends in it if it can, and within one interval of its begin: an
 * opening may be endless.
 */
function placeIn({ start, end }: TimeSpan, { key, intervalMs, expectedMs }: ScheduledVm): number {
  if (!Number.isFinite(start)) return start;
  const roomMs = Math.min(end - start - expectedMs, intervalMs, maxSpreadMs);
  return start + Math.floor(stableFraction(key) * Math.max(0, roomMs));
}
