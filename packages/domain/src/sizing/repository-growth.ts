import { invariant } from "@holdfast/kernel";
import { reckonFigure } from "../evidence/figure.ts";
import type { Figure } from "../evidence/figure.ts";
import { decideRetention } from "../retention/decide-retention.ts";
import type { RetentionRules } from "../retention/decide-retention.ts";

export interface GrowthInput {
  readonly allocatedBytes: Figure;
  readonly changedBytesPerDay: Figure;
  /** Stored bytes for each byte read: of the first full, and of a change. */
  readonly fullRatio: Figure;
  readonly changeRatio: Figure;
  readonly rules: RetentionRules;
  readonly everyMs: number;
  /** When the first capture is, and how long the schedule runs, in milliseconds. */
  readonly firstAtMs: number;
  readonly forMs: number;
}

export interface RepositoryGrowth {
  readonly pointCount: number;
  readonly storedBytes: Figure;
}

/** A schedule of more captures than this is refused as a bug: its caller limits it. */
const maxCaptures = 200_000;

/**
 * Reckons what a repository holds after a time. Points that are kept share all that did not change between them: each
 * costs at most what changed since the one before it, and never more than the disks hold. On the safe side, because what
 * was overwritten twice between two points is counted twice.
 */
export function predictGrowth(input: GrowthInput): RepositoryGrowth {
  const { allocatedBytes, changedBytesPerDay, fullRatio, changeRatio, everyMs, firstAtMs, forMs } = input;
  invariant(everyMs > 0 && forMs / everyMs <= maxCaptures, "a schedule has a bounded number of captures");
  const captures = Array.from({ length: Math.floor(forMs / everyMs) + 1 }, (_none, i) => ({
    id: `capture-${i}`,
    instanceKey: "",
    dataAtMs: firstAtMs + i * everyMs,
    isProven: false,
    holds: [],
  }));
  const kept = decideRetention(captures, input.rules).filter(({ isKept }) => isKept);
  const changedBytes = kept.slice(1).reduce((sum, point, i) => {
    const days = (point.dataAtMs - (kept[i]?.dataAtMs ?? point.dataAtMs)) / 86_400_000;
    return sum + Math.min(days * changedBytesPerDay.value, allocatedBytes.value);
  }, 0);
  return {
    pointCount: kept.length,
    storedBytes: reckonFigure(
      allocatedBytes.value * fullRatio.value + changedBytes * changeRatio.value,
      [allocatedBytes, changedBytesPerDay, fullRatio, changeRatio],
      `first full and the change between ${kept.length} points`,
    ),
  };
}
