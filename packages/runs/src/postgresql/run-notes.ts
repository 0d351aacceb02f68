import type { Clock } from "@holdfast/kernel";
import type pg from "pg";
import { untilReachable } from "./database-error.ts";
import type { Progress, RunEvent, RunEventKind } from "../run-record.ts";

/**
 * What an execution notes in our tables beside DBOS's journal. Nothing of it decides anything. Where the database is away,
 * a note waits for it, until the signal is aborted.
 */
export interface RunNotes {
  tellRetry(runId: string, event: Pick<RunEvent, "step" | "failure">, signal: AbortSignal): Promise<void>;
  setWaiting(runId: string, isWaiting: boolean, signal: AbortSignal): Promise<void>;
  /** Never raises; the last one counts. */
  progress(runId: string, progress: Progress): void;
  /** Calls of the workflow's code that the journal knows of. */
  countCalls(runId: string, signal: AbortSignal): Promise<number>;
}

export function createRunNotes(pool: pg.Pool, clock: Clock): RunNotes {
  const tell = (runId: string, kind: RunEventKind, body: Partial<RunEvent> | null): Promise<unknown> =>
    pool.query("select holdfast_runs.tell(id, workflow, $2, $3) from holdfast_runs.runs where id = $1", [
      runId,
      kind,
      body === null ? null : JSON.stringify(body),
    ]);
  return {
    async tellRetry(runId, event, signal) {
      await untilReachable(clock, signal, () => tell(runId, "step-retried", event));
    },
    async setWaiting(runId, isWaiting, signal) {
      await untilReachable(clock, signal, () =>
        pool.query("update holdfast_runs.runs set is_waiting = $2 where id = $1 and ended_status is null", [
          runId,
          isWaiting,
        ]),
      );
      if (isWaiting) await untilReachable(clock, signal, () => tell(runId, "run-waiting", null));
    },
    progress(runId, progress) {
      const step = progress.step === undefined ? {} : { step: progress.step };
      pool
        .query("update holdfast_runs.runs set progress = $2 where id = $1 and ended_status is null", [
          runId,
          JSON.stringify(progress),
        ])
        .then(() => tell(runId, "progress", { progress, ...step }))
        // Progress is for eyes: where the database is away, the step's own end meets that.
        .catch(() => undefined);
    },
    async countCalls(runId, signal) {
      const { rows } = await untilReachable(clock, signal, () =>
        pool.query<{ calls: number }>(
          `select count(*) as calls from dbos.operation_outputs where workflow_uuid = $1
             and (function_name like any(array['step:%', 'sleep:%', 'signal:%', 'DBOS.patch-%']))`,
          [runId],
        ),
      );
      return rows[0]?.calls ?? 0;
    },
  };
}
