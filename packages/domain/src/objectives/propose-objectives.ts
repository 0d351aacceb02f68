import { formatDuration, invariant } from "@holdfast/kernel";
import type { Consistency } from "../recovery-point/recovery-point.ts";
import type { RetentionRules } from "../retention/decide-retention.ts";
import { cautiousAnswers, impactQuestions } from "./impact-interview.ts";
import type { ImpactAnswers, ImpactQuestionId, StateKind, Stoppage } from "./impact-interview.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const steps = [0.25 * hourMs, hourMs, 4 * hourMs, 8 * hourMs, dayMs, 3 * dayMs, 7 * dayMs];

const outageBorneMs: Readonly<Record<Stoppage, number>> = {
  "law-or-safety": 0.25 * hourMs,
  "all-work": 4 * hourMs,
  "some-work": dayMs,
  nothing: 7 * dayMs,
};
const lossBorneMs: Readonly<Record<Stoppage, number>> = {
  "law-or-safety": 0.25 * hourMs,
  "all-work": hourMs,
  "some-work": 4 * hourMs,
  nothing: dayMs,
};
const consistencyOf: Readonly<Record<StateKind, Consistency>> = {
  none: "crash",
  files: "file-system",
  database: "application",
  "several-vms": "application",
};

/** Objectives that follow from an interview. They are nobody's until an owner signs them. */
export interface ObjectiveProposal {
  readonly rtoMs: number;
  readonly rpoMs: number;
  readonly consistency: Consistency;
  readonly retention: RetentionRules;
  readonly owner: string;
  readonly reasons: readonly ProposalReason[];
  /** Questions that were taken at their cautious answer. */
  readonly unanswered: readonly ImpactQuestionId[];
}

export interface ProposalReason {
  readonly of: "rto" | "rpo" | "consistency" | "retention";
  readonly text: string;
}

/** Proposes objectives by the rules of docs/objectives.md. A missing answer never gives less protection than any other. */
export function proposeObjectives(answers: ImpactAnswers, timeZone: string): ObjectiveProposal {
  for (const [id, value] of Object.entries(answers))
    invariant(typeof value !== "number" || value >= 0, `the answer to ${id} is below zero`);
  const full = { ...cautiousAnswers, ...answers };
  const reasons: ProposalReason[] = [];
  const because = (of: ProposalReason["of"], text: string): void => void reasons.push({ of, text });
  const rtoMs = proposeRto(full, (text) => because("rto", text));
  const rpoMs = proposeRpo(full, (text) => because("rpo", text));
  const consistency = consistencyOf[full.stateKind];
  because("consistency", `its state is in: ${full.stateKind}`);
  because("retention", `old states are kept for ${Math.ceil(full.keepForMs / dayMs)} days`);
  return {
    rtoMs,
    rpoMs,
    consistency,
    retention: proposeRetention(rpoMs, full.keepForMs, timeZone),
    owner: full.owner ?? "",
    reasons,
    unanswered: impactQuestions.map(({ id }) => id).filter((id) => answers[id] === undefined),
  };
}

type FullAnswers = ImpactAnswers & Required<Pick<ImpactAnswers, keyof typeof cautiousAnswers>>;

function proposeRto(answers: FullAnswers, because: (text: string) => void): number {
  const { stoppage, affected, byHandMs, costPerHour, bearableCost } = answers;
  const alone = outageBorneMs[stoppage];
  because(`what stops: ${stoppage}, for which ${formatDuration(alone)} are borne`);
  let borneMs = alone;
  if (affected === "people-outside") {
    borneMs = steps.findLast((step) => step < alone) ?? alone;
    if (borneMs < alone) because(`people outside are hit: ${formatDuration(borneMs)}`);
  }
  if (costPerHour !== undefined && costPerHour > 0 && bearableCost !== undefined) {
    const spentAfterMs = (bearableCost / costPerHour) * hourMs;
    if (spentAfterMs < borneMs) because(`the bearable cost is spent after ${formatDuration(spentAfterMs)}`);
    borneMs = Math.min(borneMs, spentAfterMs);
  }
  if (byHandMs > 0) because(`work goes on by hand for ${formatDuration(byHandMs)} before that`);
  return stepBelow(byHandMs + borneMs);
}

function proposeRpo(answers: FullAnswers, because: (text: string) => void): number {
  const { stoppage, reentry, reentrySpanMs = 0 } = answers;
  const borneMs = lossBorneMs[stoppage];
  because(`what stops: ${stoppage}, for which a loss of ${formatDuration(borneMs)} is borne`);
  if (reentry !== "all" || reentrySpanMs <= borneMs) return stepBelow(borneMs);
  because(`all data of ${formatDuration(reentrySpanMs)} can be entered again`);
  return stepBelow(reentrySpanMs);
}

/** The largest step that is not above; the smallest where all are. */
function stepBelow(spanMs: number): number {
  return steps.findLast((step) => step <= spanMs) ?? steps[0] ?? spanMs;
}

function proposeRetention(rpoMs: number, keepForMs: number, timeZone: string): RetentionRules {
  const days = Math.ceil(keepForMs / dayMs);
  return {
    last: 2,
    ...(rpoMs < dayMs ? { hourly: 24 } : {}),
    daily: Math.min(Math.max(days, 7), 14),
    ...(days > 14 ? { weekly: Math.min(Math.ceil(days / 7), 8) } : {}),
    ...(days > 56 ? { monthly: Math.min(Math.ceil(days / 28), 24) } : {}),
    ...(days > 24 * 28 ? { yearly: Math.ceil(days / 365) } : {}),
    timeZone,
  };
}
