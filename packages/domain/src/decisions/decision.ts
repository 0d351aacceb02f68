import type { TimedRedeployment } from "../assessment/protection-option.ts";
import type { ImpactAnswers } from "../objectives/impact-interview.ts";
import type { Tolerance } from "../objectives/objectives.ts";
import type { Scenario } from "../objectives/scenario.ts";
import type { Consistency } from "../recovery-point/recovery-point.ts";
import type { RetentionRules } from "../retention/decide-retention.ts";

/** Objectives as somebody enters them: nobody has signed them yet. */
export interface EnteredObjectives extends Tolerance {
  readonly retention: RetentionRules;
  readonly consistency: Consistency;
  readonly owner: string;
  readonly exceptions?: Readonly<Partial<Record<Scenario, Tolerance | { readonly borne: string }>>>;
}

/** Somebody who is called in a disaster. */
export interface Contact {
  readonly name: string;
  /** What they are called for: `owner`, `operator`, `database`. */
  readonly role: string;
  /** How they are reached without the systems that are down: a telephone number first. */
  readonly reach: string;
}

/** What people need to recover an application that no inventory tells. */
export interface RecoveryNotes {
  /** Names of applications that have to run before. */
  readonly dependsOn: readonly string[];
  /** VMs by name, in the order in which they start; those of one group start together. */
  readonly startOrder: readonly (readonly string[])[];
  /** Steps by hand after the VMs run, in order. */
  readonly steps: readonly string[];
  /** Secrets that are needed, and where each lies. Never the secret itself. */
  readonly secrets: readonly { readonly what: string; readonly where: string }[];
}

/** One thing that somebody said or decided of an application. Entered once, never changed. */
export type Decision =
  | { readonly kind: "interviewed"; readonly answers: ImpactAnswers }
  | {
      readonly kind: "objectives-set";
      readonly objectives: EnteredObjectives;
      readonly reviewByMs: number;
      /** Why these: the rules of the interview, or the words of who entered them. */
      readonly reasons: readonly string[];
    }
  | {
      readonly kind: "signed";
      readonly by: string;
      /** Number of the entry that set the objectives which are signed. */
      readonly objectivesNumber: number;
      readonly reviewByMs: number;
    }
  | {
      readonly kind: "none-decided";
      readonly reason: string;
      readonly owner: string;
      readonly expiresAtMs: number;
      /** True where a pipeline deploys the application again in place of a restore. */
      readonly isRedeployed: boolean;
    }
  | { readonly kind: "none-withdrawn"; readonly reason: string }
  | { readonly kind: "redeployment-timed"; readonly redeployment: TimedRedeployment }
  | {
      readonly kind: "finding-accepted";
      /** Kind of the finding. */
      readonly finding: string;
      readonly reason: string;
      readonly owner: string;
      readonly expiresAtMs: number;
    }
  | { readonly kind: "acceptance-withdrawn"; readonly finding: string; readonly reason: string }
  | { readonly kind: "contact-set"; readonly contact: Contact }
  | { readonly kind: "contact-removed"; readonly name: string }
  | { readonly kind: "recovery-noted"; readonly notes: RecoveryNotes };

/** A decision with its place in the log of its application. */
export type RecordedDecision = Decision & {
  /** From 1, without a gap. */
  readonly number: number;
  readonly atMs: number;
  /** Who entered it: an account of the machine or of Holdfast. Not who decided. */
  readonly enteredBy: string;
};
