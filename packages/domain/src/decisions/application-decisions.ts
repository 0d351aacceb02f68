import { HoldfastError, assertNever, formatInstant } from "@holdfast/kernel";
import type { ApplicationRecord } from "../assessment/assess.ts";
import type { TimedRedeployment, Waiver } from "../assessment/protection-option.ts";
import type { ImpactAnswers } from "../objectives/impact-interview.ts";
import type { Objectives } from "../objectives/objectives.ts";
import { problemOfRetention } from "../retention/decide-retention.ts";
import type { Contact, EnteredObjectives, RecordedDecision, RecoveryNotes } from "./decision.ts";

/** A finding that somebody bears until a day. */
export interface AcceptedFinding {
  readonly finding: string;
  readonly reason: string;
  readonly owner: string;
  readonly expiresAtMs: number;
}

/** All that holds of one application after its log. */
export interface ApplicationDecisions {
  readonly answers: ImpactAnswers | null;
  readonly objectives: Objectives | null;
  /** Number of the entry that set the objectives; a signature names it. */
  readonly objectivesNumber: number | null;
  readonly objectivesReasons: readonly string[];
  readonly waiver: (Waiver & { readonly isRedeployed: boolean }) | null;
  readonly redeployments: readonly TimedRedeployment[];
  readonly accepted: readonly AcceptedFinding[];
  readonly contacts: readonly Contact[];
  readonly notes: RecoveryNotes;
  /** Number of the last entry; 0 for an empty log. */
  readonly number: number;
}

export const noDecisions: ApplicationDecisions = {
  answers: null,
  objectives: null,
  objectivesNumber: null,
  objectivesReasons: [],
  waiver: null,
  redeployments: [],
  accepted: [],
  contacts: [],
  notes: { dependsOn: [], startOrder: [], steps: [], secrets: [] },
  number: 0,
};

/** What holds after all entries of a log, oldest first. */
export function foldDecisions(log: readonly RecordedDecision[]): ApplicationDecisions {
  return log.reduce(applyDecision, noDecisions);
}

/**
 * What holds after one more decision. Raises `domain.decision.invalid` for what cannot be meant, `domain.decision.outdated`
 * for a signature under objectives that are not, or no longer, the present ones, and `domain.decision.nothing` for the
 * withdrawal of what does not hold.
 */
export function applyDecision(before: ApplicationDecisions, decision: RecordedDecision): ApplicationDecisions {
  const after = { ...before, number: decision.number };
  switch (decision.kind) {
    case "interviewed":
      return { ...after, answers: decision.answers };
    case "objectives-set": {
      const problem = problemOfObjectives(decision.objectives);
      if (problem !== null) throw invalid(problem);
      refuseEnded(decision.reviewByMs, decision.atMs, "the review date");
      const objectives = { ...decision.objectives, signOff: null, reviewByMs: decision.reviewByMs };
      const { number, reasons } = decision;
      return { ...after, objectives, objectivesNumber: number, objectivesReasons: reasons };
    }
    case "signed":
      return { ...after, objectives: signObjectives(before, decision) };
    case "none-decided": {
      const { reason, owner, expiresAtMs, isRedeployed } = decision;
      refuseBlank({ reason, owner });
      refuseEnded(expiresAtMs, decision.atMs, "its end");
      return { ...after, waiver: { reason, owner, expiresAtMs, isRedeployed } };
    }
    case "none-withdrawn":
      if (before.waiver === null) throw nothing("no decision for none holds");
      return { ...after, waiver: null };
    case "redeployment-timed": {
      const { redeployment } = decision;
      if (!(redeployment.durationMs > 0)) throw invalid("a redeployment takes some time");
      if (redeployment.atMs > decision.atMs) throw invalid("a redeployment that was timed lies in the past");
      return { ...after, redeployments: [...before.redeployments, redeployment] };
    }
    case "finding-accepted": {
      const { finding, reason, owner, expiresAtMs } = decision;
      refuseBlank({ finding, reason, owner });
      refuseEnded(expiresAtMs, decision.atMs, "its end");
      const others = before.accepted.filter((one) => one.finding !== finding);
      return { ...after, accepted: [...others, { finding, reason, owner, expiresAtMs }] };
    }
    case "acceptance-withdrawn": {
      const accepted = before.accepted.filter(({ finding }) => finding !== decision.finding);
      if (accepted.length === before.accepted.length) throw nothing(`nobody accepted ${decision.finding}`);
      return { ...after, accepted };
    }
    case "contact-set": {
      const { contact } = decision;
      refuseBlank({ name: contact.name, role: contact.role, reach: contact.reach });
      return { ...after, contacts: [...without(before.contacts, contact.name), contact] };
    }
    case "contact-removed": {
      const contacts = without(before.contacts, decision.name);
      if (contacts.length === before.contacts.length) throw nothing(`nobody is called ${decision.name}`);
      return { ...after, contacts };
    }
    case "recovery-noted":
      return { ...after, notes: decision.notes };
  }
  return assertNever(decision);
}

function signObjectives(
  { objectives, objectivesNumber }: ApplicationDecisions,
  { by, objectivesNumber: signed, reviewByMs, atMs }: Extract<RecordedDecision, { kind: "signed" }>,
): Objectives {
  if (objectives === null || objectivesNumber !== signed)
    throw new HoldfastError({
      code: "domain.decision.outdated",
      message:
        objectives === null
          ? "there are no objectives to sign"
          : `the signature is under entry ${signed}, and entry ${objectivesNumber} holds`,
      advice: "Look at the objectives that hold by `holdfast objectives show`, and sign those.",
      details: { signed },
    });
  refuseBlank({ by });
  refuseEnded(reviewByMs, atMs, "the review date");
  return { ...objectives, signOff: { by, atMs }, reviewByMs };
}

/** What an assessment takes of the decisions; what nobody decided is left out. */
export function recordOfDecisions({ objectives, waiver, redeployments }: ApplicationDecisions): ApplicationRecord {
  return {
    ...(objectives === null ? {} : { objectives }),
    ...(waiver === null ? {} : { waiver }),
    ...(waiver?.isRedeployed === true ? { facts: { state: "redeployable" as const } } : {}),
    redeployments,
  };
}

/** What is wrong with objectives, in words for their author; null where nothing is. */
export function problemOfObjectives({ rtoMs, rpoMs, retention, exceptions }: EnteredObjectives): string | null {
  for (const [scenario, exception] of Object.entries(exceptions ?? {})) {
    if (exception === undefined) continue;
    if ("borne" in exception) {
      if (exception.borne.trim() === "") return `no reason is given why the loss of ${scenario} is borne`;
    } else if (!isSpan(exception.rtoMs) || !isSpan(exception.rpoMs))
      return `RTO and RPO of ${scenario} are spans above zero`;
  }
  if (!isSpan(rtoMs)) return "the RTO is a span above zero: none is free";
  if (!isSpan(rpoMs)) return "the RPO is a span above zero: none is free";
  const problem = problemOfRetention(retention);
  return problem === null ? null : `retention: ${problem}`;
}

function isSpan(spanMs: number): boolean {
  return Number.isSafeInteger(spanMs) && spanMs > 0;
}

function without(contacts: readonly Contact[], name: string): readonly Contact[] {
  return contacts.filter((one) => one.name !== name);
}

function refuseBlank(fields: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(fields)) if (value.trim() === "") throw invalid(`${name} is empty`);
}

function refuseEnded(untilMs: number, atMs: number, what: string): void {
  if (!(untilMs > atMs)) throw invalid(`${what}, ${formatInstant(untilMs)}, is over already`);
}

function invalid(problem: string): HoldfastError {
  return new HoldfastError({
    code: "domain.decision.invalid",
    message: `the decision cannot be meant: ${problem}`,
    advice: "Correct it; nothing was entered.",
  });
}

function nothing(message: string): HoldfastError {
  return new HoldfastError({
    code: "domain.decision.nothing",
    message: `there is nothing to withdraw: ${message}`,
    advice: "Look at what holds by `holdfast objectives show`.",
  });
}
