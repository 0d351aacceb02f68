import { problemOfRetention } from "@holdfast/domain";
import type { KeepReason, RecoveryPoint, RetainedPoint, RetentionRules } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";

/** Rules of retention as the command line gives them. */
export interface RetentionOptions {
  readonly keepLast?: number;
  readonly keepHourly?: number;
  readonly keepDaily?: number;
  readonly keepWeekly?: number;
  readonly keepMonthly?: number;
  readonly keepYearly?: number;
  readonly timeZone: string;
}

/** Raises `cli.retention.invalid` for rules that keep nothing, and for an unknown time zone. */
export function retentionRules(options: RetentionOptions): RetentionRules {
  const { keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly, timeZone } = options;
  const rules = {
    last: keepLast ?? 0,
    hourly: keepHourly ?? 0,
    daily: keepDaily ?? 0,
    weekly: keepWeekly ?? 0,
    monthly: keepMonthly ?? 0,
    yearly: keepYearly ?? 0,
    timeZone,
  };
  const problem = problemOfRetention(rules);
  if (problem === null) return rules;
  throw new HoldfastError({
    code: "cli.retention.invalid",
    message: `the rules cannot be used: ${problem}`,
    advice: "Give at least one of --keep-last, -hourly, -daily, -weekly, -monthly, -yearly, and an IANA time zone.",
  });
}

/** What retention looks at in a point. Evidence of proofs is not kept yet: no point counts as proven. */
export function retainedPoint(point: RecoveryPoint, holds: readonly string[] = []): RetainedPoint {
  const dataAtMs = Math.min(...point.disks.map((disk) => disk.dataAtMs), point.publishedAtMs);
  return { id: point.id, instanceKey: instanceKey(point), dataAtMs, isProven: false, holds };
}

/** The protected instance of a point. */
export function instanceKey({ stampName, instance }: RecoveryPoint): string {
  return `${stampName} ${instance.id}`.toLowerCase();
}

/** Reasons in words, such as `daily 3 (2026-11-21)`. */
export function describeReasons(reasons: readonly KeepReason[]): string {
  return reasons
    .map((reason) => {
      if (reason.kind === "hold") return `hold: ${reason.why}`;
      if (reason.kind === "latest") return "latest";
      if (reason.kind === "latest-proven") return "latest proven";
      if (reason.kind === "last") return `last ${reason.number}`;
      return `${reason.kind} ${reason.number} (${reason.period})`;
    })
    .join(", ");
}
