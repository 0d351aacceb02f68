import { abandonedRun } from "../run-failure.ts";
import { maxRecoveries } from "../limits.ts";
import type { RunEvent, RunEventKind, RunFailure, RunStatus } from "../run-record.ts";
import type { StoppedRun } from "../workflow.ts";
import type { RunDatabase } from "./run-database.ts";
import { kindOf } from "./run-rows.ts";
import type { RunRow } from "./run-rows.ts";

export interface NewRun {
  readonly id: string;
  readonly workflow: { readonly name: string; readonly version: number };
  readonly compensation: { readonly name: string; readonly version: number } | null;
  readonly partition: string | null;
  readonly priority: number;
  readonly parentId: string | null;
  /** JSON text. */
  readonly input: string;
  readonly dueMs: number;
}

export type RunEnd =
  | { readonly status: "succeeded"; readonly output: string }
  | { readonly status: "failed" | "cancelled"; readonly failure: RunFailure };

/**
 * The changes of a run that several transactions share. Every method must be called inside one: each writes the event
 * together with what it tells of.
 */
export class RunLedger {
  readonly #database: RunDatabase;

  constructor(database: RunDatabase) {
    this.#database = database;
  }

  find(runId: string): RunRow | undefined {
    return this.#database.get<RunRow>("select * from runs where id = ?", runId);
  }

  insert(run: NewRun, nowMs: number): void {
    this.#database.run(
      `insert into runs (id, workflow, version, kind, compensation, compensation_version, partition, priority, parent_id,
         input, status, due_ms, created_at_ms) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?)`,
      run.id,
      run.workflow.name,
      run.workflow.version,
      kindOf(run.workflow),
      run.compensation?.name ?? null,
      run.compensation?.version ?? null,
      run.partition,
      run.priority,
      run.parentId,
      run.input,
      run.dueMs,
      nowMs,
    );
    this.addEvent({ id: run.id, workflow: run.workflow.name }, "run-queued", nowMs);
  }

  /** Ends a run, and starts what undoes it where it did not succeed. */
  end(run: RunRow, end: RunEnd, nowMs: number): void {
    this.#database.run(
      `update runs set status = ?, output = ?, failure = ?, ended_at_ms = ?, holder = null, lease_until_ms = null,
         wakes = null, progress = null where id = ?`,
      end.status,
      end.status === "succeeded" ? end.output : null,
      end.status === "succeeded" ? null : JSON.stringify(end.failure),
      nowMs,
      run.id,
    );
    if (end.status === "succeeded") return this.addEvent(run, "run-succeeded", nowMs);
    this.addEvent(run, end.status === "failed" ? "run-failed" : "run-cancelled", nowMs, { failure: end.failure });
    this.#compensate(run, end.status, nowMs);
  }

  #compensate(run: RunRow, outcome: "failed" | "cancelled", nowMs: number): void {
    if (run.compensation === null || run.compensation_version === null) return;
    const stopped: StoppedRun = { runId: run.id, outcome, input: JSON.parse(run.input) as unknown };
    this.insert(
      {
        id: undoIdOf(run.id),
        workflow: { name: run.compensation, version: run.compensation_version },
        compensation: null,
        partition: run.partition,
        priority: run.priority,
        parentId: run.id,
        input: JSON.stringify(stopped),
        dueMs: nowMs,
      },
      nowMs,
    );
  }

  /** Takes runs out of the hands of workers whose lease has run out. */
  recoverExpired(nowMs: number): void {
    const expired = this.#database.all<RunRow>(
      "select * from runs where status in ('running', 'cancelling') and lease_until_ms <= ?",
      nowMs,
    );
    for (const run of expired) {
      if (run.status === "cancelling") this.end(run, cancelledEnd(run), nowMs);
      else if (run.recoveries >= maxRecoveries) {
        this.end(run, { status: "failed", failure: toAbandoned(run) }, nowMs);
      } else {
        this.#database.run(
          "update runs set status = 'queued', due_ms = ?, holder = null, lease_until_ms = null, recoveries = recoveries + 1 where id = ?",
          nowMs,
          run.id,
        );
        this.addEvent(run, "run-recovered", nowMs);
      }
    }
  }

  addEvent(
    run: { readonly id: string; readonly workflow: string },
    kind: RunEventKind,
    atMs: number,
    body: Pick<RunEvent, "step" | "progress" | "failure"> = {},
  ): void {
    this.#database.run(
      "insert into events (run_id, workflow, at_ms, kind, body) values (?, ?, ?, ?, ?)",
      run.id,
      run.workflow,
      atMs,
      kind,
      Object.keys(body).length === 0 ? null : JSON.stringify(body),
    );
  }
}

/** The id of the run that undoes a run. */
export function undoIdOf(runId: string): string {
  return `${runId}~undo`;
}

/** The end of a run that was cancelled: `cancel` has kept the reason as its failure. */
export function cancelledEnd(run: { readonly failure: string | null }): RunEnd {
  return { status: "cancelled", failure: JSON.parse(run.failure ?? "null") as RunFailure };
}

export function isEnded(status: RunStatus): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}

function toAbandoned(run: RunRow): RunFailure {
  const { code, message, advice, isRetryable } = abandonedRun(run.id, run.recoveries);
  return { code, message, advice, isRetryable };
}
