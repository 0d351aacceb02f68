import type { Application, PlacedVm } from "../applications/application.ts";
import type { ApplicationAssessment } from "../assessment/assess-application.ts";
import type { Waiver } from "../assessment/protection-option.ts";
import type { ApplicationDecisions } from "../decisions/application-decisions.ts";
import type { RecordedDecision } from "../decisions/decision.ts";
import type { ObjectivesSource } from "../decisions/join-objectives.ts";
import type { Finding } from "../findings/finding.ts";
import type { ObjectiveComparison } from "../objectives/compare-objectives.ts";
import type { Objectives } from "../objectives/objectives.ts";
import type { ApplicationRecoveries } from "../recovery-time/application-recoveries.ts";

/** All that the plan document says, before anybody has chosen its headings. */
export interface PlanModel {
  /** Name of who the plan is for; null where it was not given. */
  readonly organisation: string | null;
  readonly generatedAtMs: number;
  readonly stamps: readonly {
    readonly name: string;
    readonly subscriptionId: string;
    readonly inventoryAtMs: number;
    readonly vmCount: number;
  }[];
  readonly repositories: readonly {
    readonly name: string;
    readonly location: string;
    readonly stampName: string | null;
    readonly siteName: string | null;
  }[];
  readonly vmCount: number;
  readonly unclassified: readonly { readonly stampName: string; readonly name: string }[];
  /** Most important first. */
  readonly applications: readonly PlannedApplication[];
  /** What belongs to no single application. */
  readonly findings: readonly Finding[];
  /** Name of the repository whose points are the evidence; null where none was asked. */
  readonly evidenceFrom: string | null;
}

/** One application of the plan. */
export interface PlannedApplication {
  readonly application: Application;
  readonly objectives: Objectives | null;
  readonly source: ObjectivesSource | null;
  /** Who left it without protection, by a record or by the policy file; null where nobody did. */
  readonly waiver: Waiver | null;
  readonly decisions: ApplicationDecisions;
  readonly log: readonly RecordedDecision[];
  readonly assessment: ApplicationAssessment;
  readonly vms: readonly PlacedVm[];
  /** Empty where nothing is tolerated that something could be compared with. */
  readonly comparisons: readonly ObjectiveComparison[];
  readonly recoveries: ApplicationRecoveries;
}
