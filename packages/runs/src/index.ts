/**
 * Durable execution of runs: the port, and its adapters. Guarantees that a run which was started ends once, whatever is
 * killed meanwhile, and that each of its steps has one result. Leaves to its callers what steps do, and to make what
 * they call bear a repetition under one key. The words, the order of writes and what can fail: docs/runs.md.
 */
export { defineWorkflow } from "./workflow.ts";
export type {
  RunContext,
  SignalOutcome,
  StepContext,
  StepOptions,
  StoppedRun,
  Workflow,
  WorkflowRef,
} from "./workflow.ts";
export type {
  CallOptions,
  EventPage,
  RunEngine,
  RunEngineTraits,
  RunFilter,
  RunPage,
  RunWorker,
  SignalDelivery,
  Started,
  StartRequest,
  WorkerOptions,
} from "./run-engine.ts";
export { endedStatuses, phaseOf } from "./run-record.ts";
export type {
  Progress,
  RunDetails,
  RunEvent,
  RunEventKind,
  RunFailure,
  RunRecord,
  RunStatus,
  StepRecord,
} from "./run-record.ts";
export { cancelRunTree, startChildRun, waitForChildRun } from "./child-run.ts";
export type { ChildOutcome, ChildRun } from "./child-run.ts";
export { followEvents } from "./follow-events.ts";
export { runLimits } from "./limits.ts";
export { withSlots } from "./slots/with-slots.ts";
export type { SlotScope } from "./slots/with-slots.ts";
export type { SlotAnswer, SlotNeed, SlotPool, SlotRequest, SlotUse } from "./slots/slot-pool.ts";
export { openSqliteRunEngine } from "./sqlite/sqlite-run-engine.ts";
export type { SqliteRunEngineOptions } from "./sqlite/sqlite-run-engine.ts";
