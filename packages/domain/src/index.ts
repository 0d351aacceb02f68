/**
 * The vocabulary of protection and the decisions over it: functions from data to data. Does no I/O, reads no clock,
 * uses no randomness.
 */
export type {
  DiskBacking,
  DiskCaching,
  DiskSku,
  MarketplacePlan,
  NsgRule,
  PowerState,
  VmConfiguration,
  VmDisk,
  VmExtension,
  VmIpConfiguration,
  VmNic,
} from "./inventory/vm.ts";
export type { AvailabilitySet, Inventory, LoadBalancer, ScaleSet } from "./inventory/inventory.ts";
export type { Capability, Provenance, QuotaUsage, StampProbe, VmSize } from "./inventory/capability.ts";
export type {
  CaptureBytes,
  CaptureMethod,
  Consistency,
  DiskImage,
  FullReadReason,
  PhaseTime,
  PointDisk,
  ReadScope,
  RecoveryPoint,
  TornRisk,
} from "./recovery-point/recovery-point.ts";
export { decideReadScope } from "./capture/read-scope.ts";
export type { KnownBase, ReadScopeInput } from "./capture/read-scope.ts";
export { isQuiet, judgeTornRisk } from "./capture/torn-risk.ts";
export type { TornRiskInput } from "./capture/torn-risk.ts";
export {
  armId,
  nameOfArmId,
  problemOfDiskName,
  problemOfStorageAccountName,
  problemOfVmName,
  resourceGroupOfArmId,
} from "./platform/resource-names.ts";
export { decodeVhdFooter, encodeVhdFooter, vhdFooterBytes, vhdGeometry } from "./platform/vhd-footer.ts";
export type { VhdFooter } from "./platform/vhd-footer.ts";
export {
  idsToLookUp,
  largestDiskGiB,
  planVmRestore,
  quotaProblems,
  stagingAccountName,
  stagingBlobBytes,
} from "./restore/restore-plan.ts";
export type {
  PlanFinding,
  PlannedDisk,
  PlannedNic,
  RestorePlan,
  RestorePlanInput,
  RestoreTarget,
  RestoreWish,
} from "./restore/restore-plan.ts";
export { decideRetention, problemOfRetention } from "./retention/decide-retention.ts";
export type { KeepReason, RetainedPoint, RetentionRules, RetentionVerdict } from "./retention/decide-retention.ts";
export { judgeDeletion } from "./retention/judge-deletion.ts";
export type { DeletablePoint, DeletionConcern } from "./retention/judge-deletion.ts";
export { periodKinds } from "./retention/retention-periods.ts";
export type { PeriodKind } from "./retention/retention-periods.ts";
export { simulateRetention } from "./retention/simulate-retention.ts";
export type { RetentionSimulation, SimulatedSchedule } from "./retention/simulate-retention.ts";
export { reckonFigure, worstProvenance } from "./evidence/figure.ts";
export type { Figure } from "./evidence/figure.ts";
export type { Finding, FindingSeverity } from "./findings/finding.ts";
export { achievedLoss } from "./objectives/achieved-loss.ts";
export type { AchievedLoss, InstanceEvidence, LossEvidence, PointCopy } from "./objectives/achieved-loss.ts";
export { compareObjectives } from "./objectives/compare-objectives.ts";
export type { AchievedEvidence, ObjectiveComparison, ObjectiveVerdict } from "./objectives/compare-objectives.ts";
export { impactQuestions } from "./objectives/impact-interview.ts";
export type { ImpactAnswers, ImpactQuestion, ImpactQuestionId } from "./objectives/impact-interview.ts";
export { judgeObjectives, toleranceIn } from "./objectives/objectives.ts";
export type { Objectives, SignOff, Tolerance } from "./objectives/objectives.ts";
export { proposeObjectives } from "./objectives/propose-objectives.ts";
export type { ObjectiveProposal, ProposalReason } from "./objectives/propose-objectives.ts";
export { decideSurvival, scenarios } from "./objectives/scenario.ts";
export type { Place, Scenario, SourcePlace, Survival } from "./objectives/scenario.ts";
export { measureCopyLoss, predictWorstLoss } from "./objectives/worst-loss.ts";
export type { CopyLoss, LossParts, UsableCopy } from "./objectives/worst-loss.ts";
export { summarizeDurations } from "./recovery-time/summarize-durations.ts";
export type { DurationSummary } from "./recovery-time/summarize-durations.ts";
export { placedVmKey, placedVms } from "./applications/application.ts";
export type { Application, PlacedVm, VmSelector } from "./applications/application.ts";
export { classifyVms } from "./applications/classify-vms.ts";
export type { Classification } from "./applications/classify-vms.ts";
export { decideOptIn } from "./applications/decide-opt-in.ts";
export type { OptIn, OptInRules } from "./applications/decide-opt-in.ts";
export { orderApplications } from "./applications/order-applications.ts";
export type { ApplicationOrder, Dependent } from "./applications/order-applications.ts";
export { assess } from "./assessment/assess.ts";
export type { ApplicationRecord, AssessInput, Assessment } from "./assessment/assess.ts";
export type { ApplicationAssessment } from "./assessment/assess-application.ts";
export { decideCaptureWay } from "./assessment/decide-capture-way.ts";
export type { CaptureWayDecision } from "./assessment/decide-capture-way.ts";
export { usualFactTags } from "./assessment/facts-from-tags.ts";
export type { FactTags } from "./assessment/facts-from-tags.ts";
export { findSharedFate } from "./assessment/find-shared-fate.ts";
export { protectionOptions } from "./assessment/protection-option.ts";
export type {
  ApplicationFacts,
  CaptureWay,
  ProtectionOption,
  TimedRedeployment,
  Waiver,
} from "./assessment/protection-option.ts";
export { usualReach } from "./assessment/recommend-option.ts";
export type { OptionReach, OptionRecommendation } from "./assessment/recommend-option.ts";
export type { DiskLoad, VmLoad, WorkRates } from "./physics/application-load.ts";
export { boundParallel, leastParallel } from "./physics/bound-parallel.ts";
export { judgeTerms } from "./physics/judge-terms.ts";
export type { Term, TermVerdict } from "./physics/judge-terms.ts";
export { documentedDiskCap, documentedLink } from "./physics/links.ts";
export type { LinkKind } from "./physics/links.ts";
export { predictLoss } from "./physics/predict-loss.ts";
export type { LossInput, LossPrediction } from "./physics/predict-loss.ts";
export { predictRecovery } from "./physics/predict-recovery.ts";
export type { FixedPhase, RecoveryInput, RecoveryPrediction } from "./physics/predict-recovery.ts";
export { judgeNodeCapacity } from "./sizing/node-capacity.ts";
export type { NodeCapacity, NodeDemand, StampNodes } from "./sizing/node-capacity.ts";
export { planWaves } from "./sizing/plan-waves.ts";
export type { FirstFull, Wave, WaveLimits } from "./sizing/plan-waves.ts";
export { predictGrowth } from "./sizing/repository-growth.ts";
export type { GrowthInput, RepositoryGrowth } from "./sizing/repository-growth.ts";
export { sizeProtection } from "./sizing/size-protection.ts";
export type { ProtectionSize, SizeInput, SizedVm } from "./sizing/size-protection.ts";
export { documentedQuotas, judgeTargetQuota, targetNeeds } from "./sizing/target-needs.ts";
export type { TargetNeeds } from "./sizing/target-needs.ts";
export { applyIncidentEvent, milestones, openIncident } from "./recovery-time/incident.ts";
export type { Incident, IncidentEvent, IncidentOutcome, Milestone, RecoveryKind } from "./recovery-time/incident.ts";
export {
  judgeRecoveries,
  phasesOf,
  recoveriesByScenario,
  recoveryPhases,
  recoveryTimeMs,
  summarizeRecoveries,
} from "./recovery-time/summarize-recoveries.ts";
export type { RecoveryPhase, RecoverySummary } from "./recovery-time/summarize-recoveries.ts";
export { measureCaptures, measureVm } from "./evidence/measure-points.ts";
export type { MeasuredCaptures, MeasuredVm } from "./evidence/measure-points.ts";
export { pointCopies } from "./evidence/point-copies.ts";
export { predictBackup } from "./assessment/predict-backup.ts";
export type { BackupConditions, BackupPrediction } from "./assessment/predict-backup.ts";
export {
  applyDecision,
  foldDecisions,
  noDecisions,
  problemOfObjectives,
  recordOfDecisions,
} from "./decisions/application-decisions.ts";
export type { AcceptedFinding, ApplicationDecisions } from "./decisions/application-decisions.ts";
export type { Contact, Decision, EnteredObjectives, RecordedDecision, RecoveryNotes } from "./decisions/decision.ts";
export { acceptFindings } from "./decisions/accept-findings.ts";
export { joinObjectives } from "./decisions/join-objectives.ts";
export type { JoinedObjectives, ObjectivesSource } from "./decisions/join-objectives.ts";
export { judgeRecoveriesByScenario } from "./recovery-time/judge-by-scenario.ts";
export { admit } from "./schedule/admit.ts";
export type { Admission, SlotNeed } from "./schedule/admit.ts";
export { decideDue, retryDelayMs } from "./schedule/decide-due.ts";
export type { Due, DueReason, ScheduledVm } from "./schedule/decide-due.ts";
export { forecastOnboarding } from "./schedule/forecast-onboarding.ts";
export type { ForecastWave, Newcomer, OnboardingTerms } from "./schedule/forecast-onboarding.ts";
export { createOpenTimes } from "./schedule/open-times.ts";
export type { OpenTimes } from "./schedule/open-times.ts";
export { orderByBreach, startByMs } from "./schedule/order-by-breach.ts";
export { simulateSchedule } from "./schedule/simulate-schedule.ts";
export type { ScheduleOutcome, SimulatedVm, SimulationTerms } from "./schedule/simulate-schedule.ts";
export { latestTurn, stableFraction } from "./schedule/spread.ts";
export { alwaysOpen } from "./schedule/work-calendar.ts";
export type { Blackout, TimeSpan, Weekday, WorkCalendar, WorkWindow } from "./schedule/work-calendar.ts";
export { describeDecision } from "./decisions/describe-decision.ts";
export { disruptionKinds, recoveriesOf, recoveryKinds } from "./recovery-time/application-recoveries.ts";
export type { ApplicationRecoveries } from "./recovery-time/application-recoveries.ts";
export { describeRetention, formatDay, formatSpan, objectiveFields } from "./report/objective-fields.ts";
export type { PlanModel, PlannedApplication } from "./report/plan-model.ts";
export { printableText } from "./report/printable-text.ts";
export type { ReportBlock, ReportDocument } from "./report/report-document.ts";
export { usualPlanTemplate } from "./report/usual-plan-template.ts";
export { writeHtml } from "./report/write-html.ts";
export { writeMarkdown } from "./report/write-markdown.ts";
export { planSectionNames, writePlan } from "./report/write-plan.ts";
export { comparePolicies } from "./policy/compare-policies.ts";
export type { PolicyChanges, VmChange } from "./policy/compare-policies.ts";
export { compilePolicies, isCaptured } from "./policy/compile-policies.ts";
export type { CompiledPolicies, LeftOutVm, ProtectedVm } from "./policy/compile-policies.ts";
export { judgePolicies } from "./policy/judge-policies.ts";
export { noPolicies } from "./policy/policy-set.ts";
export type {
  Policy,
  PolicyApplication,
  PolicyCopy,
  PolicySet,
  RunningSnapshotConsent,
  Throttle,
} from "./policy/policy-set.ts";
export { firstFullBytes, predictPolicies } from "./policy/predict-policies.ts";
export type { PolicyPrediction, PredictionTerms } from "./policy/predict-policies.ts";
export type { RunbookModel, RunbookStamp } from "./report/runbook-model.ts";
export { writeRunbook } from "./report/write-runbook.ts";
export { countLeftOut, judgeStatus } from "./policy/judge-status.ts";
export type { ApplicationStatus, PromiseStatus, VmStatus, WatchedVm } from "./policy/judge-status.ts";
export { decideAccess } from "./access/decide-access.ts";
export type { AccessDecision, AccessQuestion, RoleAssignment } from "./access/decide-access.ts";
export { decideApproval } from "./access/decide-approval.ts";
export type { ActRequest, Approval, ApprovalDecision, ApprovalTerms, FourEyesRule } from "./access/decide-approval.ts";
export { permissions, roleNames, roles } from "./access/roles.ts";
export type { Permission, RoleName } from "./access/roles.ts";
export { coversScope, problemOfScope } from "./access/scope.ts";
