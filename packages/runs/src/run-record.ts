/**
 * - `queued`: not begun, or to be taken up again after its worker died or stopped;
 * - `running`: in a worker's hands, under a lease;
 * - `waiting`: asleep or waiting for a signal, in nobody's hands;
 * - `cancelling`: cancelled, while the step in hand still ends;
 * - `succeeded`, `failed`, `cancelled`: ended, for ever.
 */
export type RunStatus = "queued" | "running" | "waiting" | "cancelling" | "succeeded" | "failed" | "cancelled";

export const endedStatuses: readonly RunStatus[] = ["succeeded", "failed", "cancelled"];

/** What is kept of an error: what a person needs, and no stack. */
export interface RunFailure {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
  readonly isRetryable: boolean;
}

export interface Progress {
  readonly done: number;
  /** Absent where nobody knows. */
  readonly total?: number;
  readonly unit: "bytes" | "items" | "steps";
  /** The step, filled in by the engine. */
  readonly step?: string;
}

export interface RunRecord {
  readonly runId: string;
  readonly workflow: string;
  readonly version: number;
  readonly status: RunStatus;
  readonly partition: string | null;
  readonly priority: number;
  readonly parentRunId: string | null;
  readonly input: unknown;
  /** Of a run that succeeded. */
  readonly output: unknown;
  /** Of a run that failed; of a cancelled one the reason that was given. */
  readonly failure: RunFailure | null;
  readonly progress: Progress | null;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** How often another worker took it up after one had died with it. */
  readonly recoveries: number;
}

export interface StepRecord {
  readonly position: number;
  readonly name: string;
  /** What stands before the first slash of the name. */
  readonly phase: string | null;
  readonly kind: "step" | "sleep" | "signal" | "patch";
  readonly status: "pending" | "succeeded" | "failed";
  readonly failure: RunFailure | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
}

export interface RunDetails extends RunRecord {
  readonly steps: readonly StepRecord[];
}

export type RunEventKind =
  | "run-queued"
  | "run-started"
  | "run-recovered"
  | "run-waiting"
  | "run-cancelling"
  | "run-succeeded"
  | "run-failed"
  | "run-cancelled"
  | "step-succeeded"
  | "step-retried"
  | "step-failed"
  | "progress";

export interface RunEvent {
  /** Rises by the order in which events may be read: a reader that asks for what follows a number misses nothing. */
  readonly sequence: number;
  readonly runId: string;
  readonly workflow: string;
  readonly atMs: number;
  readonly kind: RunEventKind;
  /** Of `step-…` and `progress` events. */
  readonly step?: string;
  readonly progress?: Progress;
  readonly failure?: RunFailure;
}

/** The phase in a step's name, or null. */
export function phaseOf(stepName: string): string | null {
  const slash = stepName.indexOf("/");
  return slash > 0 ? stepName.slice(0, slash) : null;
}
