import type pg from "pg";
import type { Progress, RunEvent, RunEventKind } from "../run-record.ts";

/** What an execution notes in our tables beside DBOS's journal. Nothing of it decides anything. */
export interface RunNotes {
  tell(runId: string, kind: RunEventKind, body: Pick<RunEvent, "step" | "failure" | "progress">): Promise<void>;
  setWaiting(runId: string, isWaiting: boolean): Promise<void>;
  /** Never raises; the last one counts. */
  progress(runId: string, progress: Progress): void;
  /** Calls of the workflow's code that the journal knows of. */
  countCalls(runId: string): Promise<number>;
}

export function createRunNotes(pool: pg.Pool): RunNotes {
  const tell: RunNotes["tell"] = async (runId, kind, body) => {
    const text = Object.keys(body).length === 0 ? null : JSON.stringify(body);
    await pool.query("select holdfast_runs.tell(id, workflow, $2, $3) from holdfast_runs.runs where id = $1", [
      runId,
      kind,
      text,
    ]);
  };
  return {
    tell,
    async setWaiting(runId, isWaiting) {
      await pool.query("update holdfast_runs.runs set is_waiting = $2 where id = $1 and ended_status is null", [
        runId,
        isWaiting,
      ]);
      if (isWaiting) await tell(runId, "run-waiting", {});
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
    async countCalls(runId) {
      const { rows } = await pool.query<{ calls: number }>(
        `select count(*) as calls from dbos.operation_outputs
         where workflow_uuid = $1 and (function_name like any(array['step:%', 'sleep:%', 'signal:%', 'DBOS.patch-%']))`,
        [runId],
      );
      return rows[0]?.calls ?? 0;
    },
  };
}
