import { formatDuration } from "@holdfast/kernel";
import type { Finding } from "../findings/finding.ts";
import type { Consistency } from "../recovery-point/recovery-point.ts";
import { problemOfRetention } from "../retention/decide-retention.ts";
import type { RetentionRules } from "../retention/decide-retention.ts";
import type { Scenario } from "./scenario.ts";

/** What an owner accepted, and when. */
export interface SignOff {
  readonly by: string;
  readonly atMs: number;
}

/** An outage and a loss that are tolerated, in milliseconds. */
export interface Tolerance {
  readonly rtoMs: number;
  readonly rpoMs: number;
}

/** What the business tolerates of one application. Nothing here was measured. */
export interface Objectives extends Tolerance {
  readonly retention: RetentionRules;
  readonly consistency: Consistency;
  readonly owner: string;
  readonly signOff: SignOff | null;
  readonly reviewByMs: number;
  /** Scenarios with a tolerance of their own, or that the owner bears, with the reason. */
  readonly exceptions?: Readonly<Partial<Record<Scenario, Tolerance | { readonly borne: string }>>>;
}

/** What is tolerated in a scenario; null where its loss is borne. */
export function toleranceIn(objectives: Objectives, scenario: Scenario): Tolerance | null {
  const exception = objectives.exceptions?.[scenario];
  if (exception === undefined) return { rtoMs: objectives.rtoMs, rpoMs: objectives.rpoMs };
  return "borne" in exception ? null : exception;
}

/** What is wrong with an application's objectives themselves, before anything is compared with them. */
export function judgeObjectives(application: string, objectives: Objectives, nowMs: number): readonly Finding[] {
  const findings: Finding[] = [];
  const add = (kind: string, severity: Finding["severity"], message: string, advice: string): void =>
    void findings.push({ kind, severity, subject: application, message, advice });
  for (const [name, spanMs] of tolerances(objectives)) {
    if (!(Number.isFinite(spanMs) && spanMs > 0))
      add("objective-impossible", "blocks", `the ${name} is ${spanMs} ms`, "Give a span above zero: none is free.");
  }
  const problem = problemOfRetention(objectives.retention);
  if (problem !== null)
    add("objective-impossible", "blocks", `retention: ${problem}`, "Give rules that keep something.");
  if (objectives.owner.trim() === "")
    add("objective-without-owner", "warns", "nobody owns the objectives", "Name who answers for the application.");
  const { signOff, reviewByMs } = objectives;
  if (signOff === null) {
    add(
      "objective-unsigned",
      "warns",
      "no owner has signed the objectives",
      "Have them signed; until then they are a guess.",
    );
  } else if (signOff.atMs > nowMs) {
    add(
      "objective-signed-later",
      "warns",
      "the objectives are signed at a time to come",
      "Check the date, and the clock.",
    );
  }
  if (reviewByMs <= nowMs) {
    const message = `the review is overdue by ${formatDuration(nowMs - reviewByMs)}`;
    add("objective-review-overdue", "warns", message, "Ask the owner whether they still hold, and set a new date.");
  }
  return findings;
}

function tolerances(objectives: Objectives): readonly (readonly [string, number])[] {
  const own = Object.entries(objectives.exceptions ?? {}).flatMap(([scenario, exception]) =>
    "borne" in exception
      ? []
      : ([
          [`RTO of ${scenario}`, exception.rtoMs],
          [`RPO of ${scenario}`, exception.rpoMs],
        ] as const),
  );
  return [["RTO", objectives.rtoMs], ["RPO", objectives.rpoMs], ...own];
}
