import { formatBytes, formatDuration } from "@holdfast/kernel";
import { reckonFigure } from "../evidence/figure.ts";
import type { Figure } from "../evidence/figure.ts";
import type { VmLoad, WorkRates } from "./application-load.ts";
import { boundParallel, leastParallel } from "./bound-parallel.ts";
import { judgeTerms } from "./judge-terms.ts";
import type { Term, TermVerdict } from "./judge-terms.ts";

const dayMs = 24 * 3_600_000;

export interface LossInput {
  readonly vms: readonly VmLoad[];
  readonly rates: WorkRates;
  readonly rpoMs: number;
  /** From one capture to the next, in milliseconds. */
  readonly intervalMs: number;
  /** How long of each day captures may run, in milliseconds; null for all of it. */
  readonly windowMs: number | null;
  readonly publishMs: Figure;
}

export interface LossPrediction extends TermVerdict {
  readonly terms: readonly Term[];
  /** More changes than can be captured and sent: points fall behind further each day, whatever the prediction says. */
  readonly isNeverDone: boolean;
  /** The longest interval that reaches the RPO, in milliseconds; null where none does. */
  readonly longestIntervalMs: number | null;
  /** What would make it so; empty where the RPO is reached. */
  readonly remedies: readonly string[];
}

/**
 * Predicts the worst loss of an application under a policy, and whether its RPO is reachable. What changes in an interval
 * takes a share of the interval to capture and to send; where the share is more than the window allows, it never ends.
 */
export function predictLoss(input: LossInput): LossPrediction {
  const { rpoMs, publishMs, windowMs } = input;
  const closedMs = windowMs === null ? 0 : Math.max(0, dayMs - windowMs);
  // What was decided is as certain as what was measured.
  const planned = {
    value: Math.max(input.intervalMs, closedMs),
    provenance: "measured",
    source: "the policy",
  } as const;
  const capture = captureShare(input, boundParallel);
  const leastCapture = captureShare(input, leastParallel);
  const transfer = transferShare(input);
  const share = capture.value + transfer.value;
  const openShare = 1 - closedMs / dayMs;
  const lasting = (figure: Figure): Figure => ({ ...figure, value: figure.value * planned.value });
  const terms: readonly Term[] = [
    { name: "interval", boundsMs: [planned] },
    { name: "capture", boundsMs: [lasting(capture)], leastMs: [lasting(leastCapture)] },
    { name: "transfer", boundsMs: [lasting(transfer)] },
    { name: "publish", boundsMs: [publishMs] },
  ];
  const longestIntervalMs = findLongestInterval(share, rpoMs, publishMs.value);
  const verdict = judgeTerms(terms, rpoMs);
  const measuredShares = [leastCapture, transfer].filter(({ provenance }) => provenance === "measured");
  const isNeverDone = share >= openShare;
  const isSurelyNeverDone = measuredShares.reduce((sum, { value }) => sum + value, 0) >= openShare;
  const severity = isSurelyNeverDone ? "blocks" : isNeverDone ? (verdict.severity ?? "warns") : verdict.severity;
  return {
    ...verdict,
    severity,
    isNeverDone,
    terms,
    longestIntervalMs,
    remedies: severity === null ? [] : remediesOf(input, { share, openShare, longestIntervalMs, transfer }),
  };
}

/** Milliseconds of capture for each millisecond of change, over all VMs. */
function captureShare({ vms, rates }: LossInput, bound: typeof boundParallel): Figure {
  const shares = vms.map(({ changedBytesPerSecond }) => changedBytesPerSecond.value / rates.captureRate.value);
  const figures = [...vms.map((vm) => vm.changedBytesPerSecond), rates.captureRate, rates.slots];
  return reckonFigure(bound(shares, rates.slots.value), figures, "change / capture rate");
}

function transferShare({ vms, rates }: LossInput): Figure {
  const { link, storedRatio } = rates;
  if (link === null) return { value: 0, provenance: "measured", source: "no link is in the way" };
  const changed = changedPerSecond(vms);
  const figures = [...vms.map((vm) => vm.changedBytesPerSecond), storedRatio, link];
  return reckonFigure((changed * storedRatio.value) / link.value, figures, "change * stored ratio / link");
}

function changedPerSecond(vms: readonly VmLoad[]): number {
  return vms.reduce((sum, { changedBytesPerSecond }) => sum + changedBytesPerSecond.value, 0);
}

/**
 * The longest interval i with i + share * i + publish <= RPO, where the work of an interval (share * i + publish) also ends
 * within the next: captures of one VM do not overlap. There is one where 2 * publish <= RPO * (1 - share).
 */
function findLongestInterval(share: number, rpoMs: number, publishMs: number): number | null {
  return share < 1 && 2 * publishMs <= rpoMs * (1 - share) ? (rpoMs - publishMs) / (1 + share) : null;
}

interface LossFacts {
  readonly share: number;
  readonly openShare: number;
  readonly longestIntervalMs: number | null;
  readonly transfer: Figure;
}

function remediesOf({ vms, rates, rpoMs, publishMs }: LossInput, facts: LossFacts): readonly string[] {
  const { share, openShare, longestIntervalMs, transfer } = facts;
  const remedies: string[] = [];
  const closedMs = (1 - openShare) * dayMs;
  if (share >= openShare && share < 1) remedies.push(`a window of ${formatDuration(share * dayMs)} a day or longer`);
  if (closedMs > (longestIntervalMs ?? rpoMs))
    remedies.push("captures at all hours: the window is closed for longer than the RPO allows");
  if (longestIntervalMs !== null)
    return [...remedies, `a capture every ${formatDuration(longestIntervalMs)} or more often`];
  const captureOnly = share - transfer.value;
  const room = Math.min(openShare, 1 - (2 * publishMs.value) / rpoMs) - captureOnly;
  if (transfer.value > 0 && room > 0)
    remedies.push(`a link of ${formatBytes((changedPerSecond(vms) * rates.storedRatio.value) / room)}/s`);
  if (captureOnly >= openShare) remedies.push("more slots or a faster capture: more changes than they read");
  if (share < 1) remedies.push(`an RPO of ${formatDuration((2 * publishMs.value) / (1 - share))} or longer`);
  return [...remedies, "replication by the application itself, which sends only what it writes"];
}
