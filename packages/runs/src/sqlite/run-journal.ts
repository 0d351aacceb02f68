import type { Progress, RunFailure } from "../run-record.ts";
import type { SignalOutcome } from "../workflow.ts";
import type { RunDatabase } from "./run-database.ts";
import { cancelledEnd } from "./run-ledger.ts";
import type { RunEnd, RunLedger } from "./run-ledger.ts";
import type { RunRow, StepRow } from "./run-rows.ts";

/** Thrown where a write comes too late: the run is in other hands, or has ended. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";
}

export interface Place {
  readonly position: number;
  readonly name: string;
}

export interface PendingWait {
  readonly dueMs: number;
  /** Null for a sleep. */
  readonly signal: string | null;
}

/**
 * The journal of one claimed run. Every write is one transaction that first compares the fence: what a worker writes
 * after its lease was given to another changes nothing and raises `LeaseLostError`.
 */
export class RunJournal {
  readonly #database: RunDatabase;
  readonly #ledger: RunLedger;
  readonly #run: RunRow;

  constructor(database: RunDatabase, ledger: RunLedger, run: RunRow) {
    this.#database = database;
    this.#ledger = ledger;
    this.#run = run;
  }

  load(): StepRow[] {
    return this.#database.all<StepRow>("select * from steps where run_id = ? order by position", this.#run.id);
  }

  /** Keeps the result of a step, of a cancelled run too: its compensation may want to know. */
  succeedStep(
    place: Place,
    attempts: number,
    result: string,
    times: { readonly startedAtMs: number; readonly nowMs: number },
  ): void {
    this.#guarded((run) => {
      this.#put(place, "step", { status: "succeeded", attempts, result, ...times });
      this.#ledger.addEvent(run, "step-succeeded", times.nowMs, { step: place.name });
    });
  }

  failStep(
    place: Place,
    attempts: number,
    failure: RunFailure,
    times: { readonly startedAtMs: number; readonly nowMs: number },
  ): void {
    this.#guarded((run) => {
      this.#put(place, "step", { status: "failed", attempts, failure, ...times });
      this.#ledger.addEvent(run, "step-failed", times.nowMs, { step: place.name, failure });
    });
  }

  /** Counts a failed try, so that a crash does not give the step all its tries again. */
  retryStep(
    place: Place,
    attempts: number,
    failure: RunFailure,
    times: { readonly startedAtMs: number; readonly nowMs: number; readonly dueMs: number },
  ): void {
    this.#guarded((run) => {
      this.#put(place, "step", { status: "pending", attempts, failure, ...times });
      this.#ledger.addEvent(run, "step-retried", times.nowMs, { step: place.name, failure });
    });
  }

  putPatch(place: Place, nowMs: number): void {
    this.#guarded(() => this.#put(place, "patch", { status: "succeeded", startedAtMs: nowMs, nowMs }));
  }

  /** Answers true where the sleep is over; else keeps until when it lasts and answers that. */
  sleep(place: Place, durationMs: number, nowMs: number): true | number {
    return this.#guarded(() => {
      const dueMs = this.#keepWait(place, "sleep", nowMs + durationMs, nowMs);
      if (dueMs > nowMs) return dueMs;
      this.#endWait(place, "null", nowMs);
      return true;
    });
  }

  /** Takes a signal or the time-out as the result of a wait; else answers until when the wait lasts. */
  takeSignal(place: Place, timeoutMs: number, nowMs: number): SignalOutcome | number {
    return this.#guarded((run) => {
      const dueMs = this.#keepWait(place, "signal", nowMs + timeoutMs, nowMs);
      const signal = this.#database.get<{ ordinal: number; payload: string }>(
        "select ordinal, payload from signals where run_id = ? and name = ? and taken_by is null order by ordinal limit 1",
        run.id,
        place.name,
      );
      if (signal === undefined && dueMs > nowMs) return dueMs;
      if (signal !== undefined) {
        this.#database.run("update signals set taken_by = ? where ordinal = ?", place.position, signal.ordinal);
      }
      const outcome: SignalOutcome =
        signal === undefined
          ? { kind: "timed-out" }
          : { kind: "received", payload: JSON.parse(signal.payload) as unknown };
      this.#endWait(place, JSON.stringify(outcome), nowMs);
      return outcome;
    });
  }

  /** Lets go of the run until a wait is over. A signal that has come since the wait began makes it due now. */
  suspend(waits: readonly PendingWait[], nowMs: number): void {
    this.#closing(nowMs, (run) => {
      const names = waits.flatMap((wait) => (wait.signal === null ? [] : [wait.signal]));
      const hasSignal = names.some(
        (name) =>
          this.#database.get(
            "select 1 from signals where run_id = ? and name = ? and taken_by is null",
            run.id,
            name,
          ) !== undefined,
      );
      this.#letGo("waiting", hasSignal ? nowMs : Math.min(...waits.map((wait) => wait.dueMs)), names);
      this.#ledger.addEvent(run, "run-waiting", nowMs);
    });
  }

  /** Hands the run back, for any worker to take up at once. */
  release(nowMs: number): void {
    this.#closing(nowMs, () => this.#letGo("queued", nowMs, []));
  }

  end(end: RunEnd, nowMs: number): void {
    this.#closing(nowMs, (run) => this.#ledger.end(run, end, nowMs));
  }

  /** Raises `LeaseLostError` where no further step may begin: the run was cancelled, or is in other hands. */
  checkMayBegin(): void {
    const run = this.#ledger.find(this.#run.id);
    if (run?.fence === this.#run.fence && run.status === "running") return;
    throw new LeaseLostError(`run ${this.#run.id} may begin no step`);
  }

  progress(progress: Progress, nowMs: number): void {
    this.#guarded((run) => {
      this.#database.run("update runs set progress = ? where id = ?", JSON.stringify(progress), run.id);
      const step = progress.step === undefined ? {} : { step: progress.step };
      this.#ledger.addEvent(run, "progress", nowMs, { progress, ...step });
    });
  }

  #guarded<T>(work: (run: RunRow) => T): T {
    return this.#database.transaction(() => {
      const run = this.#ledger.find(this.#run.id);
      if (run?.fence === this.#run.fence && (run.status === "running" || run.status === "cancelling")) return work(run);
      throw new LeaseLostError(`run ${this.#run.id} is in other hands`);
    });
  }

  /** Where the run was cancelled, its letting go is its end, however the execution went. */
  #closing(nowMs: number, work: (run: RunRow) => void): void {
    this.#guarded((run) => (run.status === "cancelling" ? this.#ledger.end(run, cancelledEnd(run), nowMs) : work(run)));
  }

  #put(
    place: Place,
    kind: StepRow["kind"],
    step: {
      readonly status: StepRow["status"];
      readonly attempts?: number;
      readonly result?: string;
      readonly failure?: RunFailure;
      readonly dueMs?: number;
      readonly startedAtMs: number;
      readonly nowMs: number;
    },
  ): void {
    this.#database.run(
      `insert or replace into steps (run_id, position, name, kind, status, attempts, result, failure, due_ms,
         started_at_ms, ended_at_ms) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      this.#run.id,
      place.position,
      place.name,
      kind,
      step.status,
      step.attempts ?? 0,
      step.result ?? null,
      step.failure === undefined ? null : JSON.stringify(step.failure),
      step.dueMs ?? null,
      step.startedAtMs,
      step.status === "pending" ? null : step.nowMs,
    );
  }

  /** The instant at which a wait ends: set when the run first came to it. */
  #keepWait(place: Place, kind: "sleep" | "signal", dueMs: number, nowMs: number): number {
    const kept = this.#database.get<{ due_ms: number }>(
      "select due_ms from steps where run_id = ? and position = ?",
      this.#run.id,
      place.position,
    );
    if (kept !== undefined) return kept.due_ms;
    this.#put(place, kind, { status: "pending", dueMs, startedAtMs: nowMs, nowMs });
    return dueMs;
  }

  #endWait(place: Place, result: string, nowMs: number): void {
    this.#database.run(
      "update steps set status = 'succeeded', result = ?, ended_at_ms = ? where run_id = ? and position = ?",
      result,
      nowMs,
      this.#run.id,
      place.position,
    );
  }

  #letGo(status: "waiting" | "queued", dueMs: number, wakes: readonly string[]): void {
    this.#database.run(
      "update runs set status = ?, due_ms = ?, wakes = ?, holder = null, lease_until_ms = null where id = ?",
      status,
      dueMs,
      JSON.stringify(wakes),
      this.#run.id,
    );
  }
}
