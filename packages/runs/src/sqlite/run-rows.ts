import { phaseOf } from "../run-record.ts";
import type { RunEvent, RunEventKind, RunFailure, RunRecord, RunStatus, StepRecord } from "../run-record.ts";

export interface RunRow {
  readonly ordinal: number;
  readonly id: string;
  readonly workflow: string;
  readonly version: number;
  readonly kind: string;
  readonly compensation: string | null;
  readonly compensation_version: number | null;
  readonly partition: string | null;
  readonly priority: number;
  readonly parent_id: string | null;
  readonly input: string;
  readonly status: RunStatus;
  readonly due_ms: number;
  readonly wakes: string | null;
  readonly output: string | null;
  readonly failure: string | null;
  readonly progress: string | null;
  readonly created_at_ms: number;
  readonly started_at_ms: number | null;
  readonly ended_at_ms: number | null;
  readonly holder: string | null;
  readonly fence: number;
  readonly recoveries: number;
}

export interface StepRow {
  readonly position: number;
  readonly name: string;
  readonly kind: StepRecord["kind"];
  readonly status: StepRecord["status"];
  readonly attempts: number;
  readonly result: string | null;
  readonly failure: string | null;
  readonly due_ms: number | null;
  readonly started_at_ms: number;
  readonly ended_at_ms: number | null;
}

export interface EventRow {
  readonly sequence: number;
  readonly run_id: string;
  readonly workflow: string;
  readonly at_ms: number;
  readonly kind: RunEventKind;
  readonly body: string | null;
}

/** What a workflow and version are called where workers are matched with runs. */
export function kindOf(workflow: { readonly name: string; readonly version: number }): string {
  return `${workflow.name}@${workflow.version}`;
}

const parsed = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));

export function toRunRecord(row: RunRow): RunRecord {
  return {
    runId: row.id,
    workflow: row.workflow,
    version: row.version,
    status: row.status,
    partition: row.partition,
    priority: row.priority,
    parentRunId: row.parent_id,
    input: JSON.parse(row.input) as unknown,
    output: parsed(row.output),
    failure: parsed<RunFailure>(row.failure),
    progress: parsed(row.progress),
    createdAtMs: row.created_at_ms,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    recoveries: row.recoveries,
  };
}

export function toStepRecord(row: StepRow): StepRecord {
  return {
    position: row.position,
    name: row.name,
    phase: phaseOf(row.name),
    kind: row.kind,
    status: row.status,
    failure: parsed<RunFailure>(row.failure),
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
  };
}

export function toRunEvent(row: EventRow): RunEvent {
  return {
    sequence: row.sequence,
    runId: row.run_id,
    workflow: row.workflow,
    atMs: row.at_ms,
    kind: row.kind,
    ...parsed<Partial<RunEvent>>(row.body),
  };
}
