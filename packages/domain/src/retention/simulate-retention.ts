import { invariant } from "@holdfast/kernel";
import { decideRetention } from "./decide-retention.ts";
import type { RetainedPoint, RetentionRules, RetentionVerdict } from "./decide-retention.ts";
import { createCalendar } from "./retention-periods.ts";
import type { Periods } from "./retention-periods.ts";

export interface SimulatedSchedule {
  readonly firstAtMs: number;
  readonly everyMs: number;
  readonly forMs: number;
}

export interface RetentionSimulation {
  readonly captureCount: number;
  /** The points there are after each capture and the retention that follows it. */
  readonly counts: readonly { readonly atMs: number; readonly kept: number }[];
  readonly mostKept: number;
  /** What is there in the end, newest first. */
  readonly kept: readonly RetentionVerdict[];
}

/** Plays a schedule of captures through, applying the rules after each of them. */
export function simulateRetention(rules: RetentionRules, schedule: SimulatedSchedule): RetentionSimulation {
  const { firstAtMs, everyMs, forMs } = schedule;
  invariant(everyMs > 0 && forMs >= 0, "a schedule goes forward");
  const calendar = remembering(createCalendar(rules.timeZone));
  const counts: { atMs: number; kept: number }[] = [];
  let points: RetainedPoint[] = [];
  let kept: RetentionVerdict[] = [];
  for (let i = 0; i * everyMs <= forMs; i += 1) {
    const atMs = firstAtMs + i * everyMs;
    points.unshift({ id: `simulated-${i + 1}`, instanceKey: "", dataAtMs: atMs, isProven: false, holds: [] });
    kept = decideRetention(points, rules, calendar).filter(({ isKept }) => isKept);
    const ids = new Set(kept.map(({ id }) => id));
    points = points.filter(({ id }) => ids.has(id));
    counts.push({ atMs, kept: points.length });
  }
  const mostKept = counts.reduce((most, { kept: count }) => Math.max(most, count), 0);
  return { captureCount: counts.length, counts, mostKept, kept };
}

/** A point is judged again after each capture: its periods are worth keeping. */
function remembering(calendar: (instantMs: number) => Periods): (instantMs: number) => Periods {
  const known = new Map<number, Periods>();
  return (instantMs) => {
    const periods = known.get(instantMs) ?? calendar(instantMs);
    known.set(instantMs, periods);
    return periods;
  };
}
