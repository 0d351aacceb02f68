import { invariant } from "@holdfast/kernel";
import { createCalendar, periodKinds } from "./retention-periods.ts";
import type { PeriodKind, Periods } from "./retention-periods.ts";

/** How many points to keep: the newest ones, and the newest one of each of the last periods that have any. */
export interface RetentionRules {
  readonly last?: number;
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
  /** IANA name of the zone whose days, weeks, months and years count. */
  readonly timeZone: string;
}

/** What retention looks at in a recovery point. */
export interface RetainedPoint {
  readonly id: string;
  /** The protected instance: retention judges the points of each on their own. */
  readonly instanceKey: string;
  readonly dataAtMs: number;
  /** Whether a proof (a restore, a boot) of this point went well. */
  readonly isProven: boolean;
  /** Why somebody holds the point; no rule removes it while there is any. */
  readonly holds: readonly string[];
}

export type KeepReason =
  | { readonly kind: "last"; readonly number: number }
  | { readonly kind: PeriodKind; readonly number: number; readonly period: string }
  | { readonly kind: "hold"; readonly why: string }
  | { readonly kind: "latest-proven" }
  | { readonly kind: "latest" };

/** A point stays while it has a reason to. */
export interface RetentionVerdict {
  readonly id: string;
  readonly instanceKey: string;
  readonly dataAtMs: number;
  readonly isKept: boolean;
  readonly reasons: readonly KeepReason[];
}

const ruleNames = ["last", ...periodKinds] as const;

/** Answers what is wrong with rules, in words for their author; null where nothing is. */
export function problemOfRetention(rules: RetentionRules): string | null {
  for (const name of ruleNames) {
    const count = rules[name];
    if (count !== undefined && !(Number.isSafeInteger(count) && count >= 0))
      return `${name} is ${count}, not a whole number of zero or more`;
  }
  // Rules that keep nothing are a mistake more often than a wish; deleting by name is there for the wish.
  if (ruleNames.every((name) => (rules[name] ?? 0) === 0)) return "no rule keeps anything";
  try {
    createCalendar(rules.timeZone);
  } catch (error) {
    if (error instanceof RangeError) return `there is no time zone ${rules.timeZone}`;
    throw error;
  }
  return null;
}

/**
 * Decides which points stay, with every reason. Answers the points in the order given. The latest point and the latest
 * proven point of an instance always stay. Applied to what it kept, it keeps the same again.
 */
export function decideRetention(
  points: readonly RetainedPoint[],
  rules: RetentionRules,
  calendar: (instantMs: number) => Periods = createCalendar(rules.timeZone),
): RetentionVerdict[] {
  const problem = problemOfRetention(rules);
  invariant(problem === null, `retention: ${problem}`);
  const reasons = new Map<RetainedPoint, KeepReason[]>(points.map((point) => [point, []]));
  for (const group of Map.groupBy(points, ({ instanceKey }) => instanceKey).values()) {
    const newestFirst = group.toSorted((a, b) => b.dataAtMs - a.dataAtMs || (a.id < b.id ? -1 : 1));
    for (const [point, reason] of keepReasons(newestFirst, rules, calendar)) reasons.get(point)!.push(reason);
  }
  return points.map((point) => {
    const { id, instanceKey, dataAtMs } = point;
    const found = reasons.get(point)!;
    return { id, instanceKey, dataAtMs, isKept: found.length > 0, reasons: found };
  });
}

function* keepReasons(
  newestFirst: readonly RetainedPoint[],
  rules: RetentionRules,
  calendar: (instantMs: number) => Periods,
): Generator<readonly [RetainedPoint, KeepReason]> {
  for (const [i, point] of newestFirst.slice(0, rules.last ?? 0).entries())
    yield [point, { kind: "last", number: i + 1 }];
  const counted = periodKinds.filter((kind) => (rules[kind] ?? 0) > 0);
  const seen = new Map<PeriodKind, Set<string>>(counted.map((kind) => [kind, new Set()]));
  for (const point of counted.length === 0 ? [] : newestFirst) {
    const periods = calendar(point.dataAtMs);
    for (const kind of counted) {
      const found = seen.get(kind)!;
      if (found.size >= rules[kind]! || found.has(periods[kind])) continue;
      found.add(periods[kind]);
      yield [point, { kind, number: found.size, period: periods[kind] }];
    }
  }
  for (const point of newestFirst) for (const why of point.holds) yield [point, { kind: "hold", why }];
  const proven = newestFirst.find(({ isProven }) => isProven);
  if (proven !== undefined) yield [proven, { kind: "latest-proven" }];
  if (newestFirst[0] !== undefined) yield [newestFirst[0], { kind: "latest" }];
}
