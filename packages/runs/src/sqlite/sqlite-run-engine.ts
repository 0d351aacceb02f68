import { createHash } from "node:crypto";
import type { Clock, Random } from "@holdfast/kernel";
import { EmbeddedWorker } from "../embedded/run-worker.ts";
import type { EmbeddedWorkerTimes } from "../embedded/run-worker.ts";
import { checkName, checkStart, checkWhole, defaultPriority, encodePayload } from "../limits.ts";
import type {
  CallOptions,
  RunEngine,
  RunEngineTraits,
  SignalDelivery,
  Started,
  StartRequest,
  WorkerOptions,
} from "../run-engine.ts";
import { conflictingRun, unknownRun } from "../run-failure.ts";
import type { RunFailure } from "../run-record.ts";
import { createSlotPool } from "../slots/create-slot-pool.ts";
import type { SlotPool } from "../slots/slot-pool.ts";
import { patiently } from "./patiently.ts";
import { RunClaims } from "./run-claims.ts";
import { RunDatabase } from "./run-database.ts";
import { RunHistory } from "./run-history.ts";
import { RunLedger, isEnded } from "./run-ledger.ts";
import type { RunRow } from "./run-rows.ts";
import { createSqliteSlotStore } from "./sqlite-slot-store.ts";

export interface SqliteRunEngineOptions {
  /** A path, or `:memory:` for runs that need not outlive the engine. */
  readonly file: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly times?: Partial<EmbeddedWorkerTimes>;
  readonly maxPageCount?: number;
}

const usualTimes: EmbeddedWorkerTimes = { leaseMs: 10_000, pollMs: 500 };

/** Opens durable runs in one SQLite file, which any number of processes of one machine may open too. */
export async function openSqliteRunEngine(options: SqliteRunEngineOptions): Promise<RunEngine> {
  const database = await patiently(options.clock, () => new RunDatabase(options));
  return new SqliteRunEngine(options, database);
}

/** The id of the run that starts with one deduplication id make: the same on every adapter. */
export function runIdOf(deduplicationId: string): string {
  return `once-${createHash("sha256").update(deduplicationId).digest("hex").slice(0, 32)}`;
}

class SqliteRunEngine implements RunEngine {
  readonly traits: RunEngineTraits;
  readonly slots: SlotPool;
  readonly #database: RunDatabase;
  readonly #ledger: RunLedger;
  readonly #claims: RunClaims;
  readonly #history: RunHistory;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #times: EmbeddedWorkerTimes;
  readonly #workers = new Set<EmbeddedWorker>();

  constructor(options: SqliteRunEngineOptions, database: RunDatabase) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#times = { ...usualTimes, ...options.times };
    this.#database = database;
    this.#ledger = new RunLedger(this.#database);
    this.#claims = new RunClaims(this.#database, this.#ledger);
    this.#history = new RunHistory(this.#database);
    this.slots = createSlotPool({ store: createSqliteSlotStore(this.#database, options.clock), clock: options.clock });
    this.traits = {
      waitingHoldsPlace: false,
      cancellingHoldsPlace: true,
      hasExactLimits: true,
      noticeMs: this.#times.pollMs,
    };
  }

  async start(request: StartRequest, options: CallOptions = {}): Promise<Started> {
    options.signal?.throwIfAborted();
    checkStart(request);
    const input = encodePayload("the input of a run", request.input);
    const { workflow, deduplicationId } = request;
    const id = request.runId ?? (deduplicationId === undefined ? this.#random.uuid() : runIdOf(deduplicationId));
    const isNew = await this.#change(options, () => {
      const found = this.#ledger.find(id);
      if (found !== undefined && found.workflow !== workflow.name) throw conflictingRun(id, found.workflow);
      if (found !== undefined) return false;
      const nowMs = this.#clock.now();
      const run = {
        id,
        workflow,
        input,
        compensation: workflow.compensation ?? null,
        partition: request.partition ?? null,
        priority: request.priority ?? defaultPriority,
        parentId: request.parentRunId ?? null,
        dueMs: nowMs + (request.delayMs ?? 0),
      };
      this.#ledger.insert(run, nowMs);
      return true;
    });
    this.#nudge("due");
    return { runId: id, isNew };
  }

  async signal(
    runId: string,
    signal: { readonly name: string; readonly key: string; readonly payload: unknown },
    options: CallOptions = {},
  ): Promise<SignalDelivery> {
    options.signal?.throwIfAborted();
    checkName("the name of a signal", signal.name);
    checkName("the key of a signal", signal.key);
    const payload = encodePayload("the payload of a signal", signal.payload);
    const delivery = await this.#change(options, (): SignalDelivery => {
      const run = this.#require(runId);
      if (this.#database.get("select 1 from signals where run_id = ? and key = ?", runId, signal.key) !== undefined) {
        return "already-delivered";
      }
      if (isEnded(run.status)) return "run-ended";
      this.#ledger.addSignal(run, { ...signal, payload }, this.#clock.now());
      return "delivered";
    });
    this.#nudge("due");
    return delivery;
  }

  async cancel(runId: string, reason: string, options: CallOptions = {}): Promise<boolean> {
    options.signal?.throwIfAborted();
    const isCancelled = await this.#change(options, () => {
      const run = this.#require(runId);
      if (isEnded(run.status)) return false;
      if (run.status === "cancelling") return true;
      const nowMs = this.#clock.now();
      const failure = toCancelFailure(reason);
      if (run.status === "running") {
        this.#database.run(
          "update runs set status = 'cancelling', failure = ? where id = ?",
          JSON.stringify(failure),
          runId,
        );
        this.#ledger.addEvent(run, "run-cancelling", nowMs, { failure });
      } else {
        this.#ledger.end(run, { status: "cancelled", failure }, nowMs);
      }
      return true;
    });
    this.#nudge("cancelled");
    return isCancelled;
  }

  async find(runId: string, options: CallOptions = {}): ReturnType<RunEngine["find"]> {
    options.signal?.throwIfAborted();
    return patiently(this.#clock, () => this.#history.find(runId), options.signal);
  }

  async list(filter: Parameters<RunEngine["list"]>[0], options: CallOptions = {}): ReturnType<RunEngine["list"]> {
    options.signal?.throwIfAborted();
    return patiently(this.#clock, () => this.#history.list(filter), options.signal);
  }

  async readEvents(
    { afterSequence, limit }: { readonly afterSequence: number; readonly limit?: number },
    options: CallOptions = {},
  ): ReturnType<RunEngine["readEvents"]> {
    options.signal?.throwIfAborted();
    return patiently(this.#clock, () => this.#history.readEvents(afterSequence, limit), options.signal);
  }

  async prune(
    { endedBeforeMs, limit = 1000 }: { readonly endedBeforeMs: number; readonly limit?: number },
    options: CallOptions = {},
  ): Promise<number> {
    options.signal?.throwIfAborted();
    return patiently(this.#clock, () => this.#history.prune(endedBeforeMs, limit), options.signal);
  }

  async startWorker(options: WorkerOptions): Promise<EmbeddedWorker> {
    checkWhole("the concurrency of a worker", options.concurrency, 1, 10_000);
    const worker = new EmbeddedWorker(options, {
      clock: this.#clock,
      workerId: this.#random.uuid(),
      database: this.#database,
      ledger: this.#ledger,
      claims: this.#claims,
      times: this.#times,
      onRest: () => this.#nudge("due"),
    });
    this.#workers.add(worker);
    void worker.stopped.then(() => this.#workers.delete(worker));
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker[Symbol.asyncDispose]()));
    this.#database[Symbol.dispose]();
  }

  #require(runId: string): RunRow {
    const run = this.#ledger.find(runId);
    if (run === undefined) throw unknownRun(runId);
    return run;
  }

  #change<T>(options: CallOptions, change: () => T): Promise<T> {
    return patiently(this.#clock, () => this.#database.transaction(change), options.signal);
  }

  #nudge(what: "due" | "cancelled"): void {
    for (const worker of this.#workers) worker.nudge(what);
  }
}

/** What a cancelled run keeps as its failure. */
export function toCancelFailure(reason: string): RunFailure {
  return {
    code: "runs.run.cancelled",
    message: reason.slice(0, 1000),
    advice: "Start it anew where it is still wanted.",
    isRetryable: false,
  };
}
