import { abandonedRun } from "../run-failure.ts";
import { maxRecoveries } from "../limits.ts";
import type { RunEvent, RunEventKind, RunFailure, RunStatus } from "../run-record.ts";
import { childEndSignal, undoIdOf } from "../child-run.ts";
import type { ChildOutcome } from "../child-run.ts";
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
    this.#tellParent(run, end, nowMs);
    if (end.status === "succeeded") return this.addEvent(run, "run-succeeded", nowMs);
    this.addEvent(run, end.status === "failed" ? "run-failed" : "run-cancelled", nowMs, { failure: end.failure });
    this.#compensate(run, end.status, nowMs);
  }

  /** A signal like any other; a parent that has ended hears nothing. */
  #tellParent(run: RunRow, end: RunEnd, nowMs: number): void {
    const parent = run.parent_id === null ? undefined : this.find(run.parent_id);
    if (parent === undefined || isEnded(parent.status)) return;
    const outcome: ChildOutcome =
      end.status === "succeeded"
        ? { status: end.status, output: JSON.parse(end.output) as unknown }
        : { status: end.status, failure: end.failure };
    const name = childEndSignal(run.id);
    this.addSignal(parent, { name, key: name, payload: JSON.stringify(outcome) }, nowMs);
  }

  /** Keeps a signal and wakes the run where it waits for it. Answers false where its key is known. */
  addSignal(
    run: RunRow,
    signal: { readonly name: string; readonly key: string; readonly payload: string },
    nowMs: number,
  ): boolean {
    const added = this.#database.run(
      "insert into signals (run_id, key, name, payload) values (?, ?, ?, ?) on conflict do nothing",
      run.id,
      signal.key,
      signal.name,
      signal.payload,
    );
    if (added === 0) return false;
    const wakes = JSON.parse(run.wakes ?? "[]") as readonly string[];
    if (run.status === "waiting" && wakes.includes(signal.name)) {
      this.#database.run("update runs set due_ms = ? where id = ?", nowMs, run.id);
    }
    return true;
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
      "select * from runs indexed by runs_leases where status in ('running', 'cancelling') and lease_until_ms <= ?",
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
