import { HoldfastError } from "@holdfast/kernel";
import type { RunFailure } from "./run-record.ts";

const longestText = 4000;

/** What is kept of an error. Its message and advice may be cut; its causes and stack are left out. */
export function toRunFailure(error: unknown): RunFailure {
  if (error instanceof HoldfastError) {
    return {
      code: error.code,
      message: error.message.slice(0, longestText),
      advice: error.advice.slice(0, longestText),
      isRetryable: error.isRetryable,
    };
  }
  return {
    code: "runs.step.failed",
    message: (error instanceof Error ? error.message : String(error)).slice(0, longestText),
    advice: "Look at the step that failed, and at the log of its worker.",
    isRetryable: true,
  };
}

/** The error that a workflow gets of a failed step: the same at the first time and at every replay. */
export function toRunError(failure: RunFailure): HoldfastError {
  return new HoldfastError({ ...failure, kind: "fault" });
}

/** Whether another attempt may help: what Holdfast itself says of its errors, and yes for all others. */
export function mayRetry(error: unknown): boolean {
  return !(error instanceof HoldfastError) || error.isRetryable;
}

export function unknownRun(runId: string): HoldfastError {
  return new HoldfastError({
    code: "runs.run.unknown",
    message: `there is no run ${runId}`,
    advice: "List the runs; history is pruned after its retention.",
    details: { runId },
  });
}

export function conflictingRun(runId: string, workflow: string): HoldfastError {
  return new HoldfastError({
    code: "runs.run.conflict",
    message: `the run ${runId} is there already and runs ${workflow}`,
    advice: "Start under another id.",
    details: { runId, workflow },
  });
}

export function changedReplay(runId: string, position: number, journaled: string, met: string): HoldfastError {
  return new HoldfastError({
    code: "runs.replay.changed",
    message: `the journal of run ${runId} has ${journaled} at ${position}, where the code has ${met}`,
    advice:
      "The code of a workflow was changed under a run that had begun. Give the changed code a new version, or guard the change by a patch.",
    kind: "bug",
    details: { runId, position },
  });
}

export function abandonedRun(runId: string, recoveries: number): HoldfastError {
  return new HoldfastError({
    code: "runs.run.abandoned",
    message: `${recoveries} workers died with run ${runId} in their hands`,
    advice: "Look at how they ended: memory or a native crash are likely. Then start the run anew.",
    details: { runId, recoveries },
  });
}

export function tooManySteps(runId: string, limit: number): HoldfastError {
  return new HoldfastError({
    code: "runs.journal.too-long",
    message: `run ${runId} has more than ${limit} steps`,
    advice: "Do more in one step, or start runs of their own for parts of the work.",
    kind: "bug",
    details: { runId, limit },
  });
}
