import { DBOS, Error as dbosErrors } from "@dbos-inc/dbos-sdk";
import type { DBOSClient } from "@dbos-inc/dbos-sdk";
import { HoldfastError } from "@holdfast/kernel";
import type { Clock } from "@holdfast/kernel";
import type pg from "pg";
import { encodePayload } from "../limits.ts";
import { toRunFailure } from "../run-failure.ts";
import type { RunWorker, WorkerOptions } from "../run-engine.ts";
import { kindOf } from "../sqlite/run-rows.ts";
import type { Workflow } from "../workflow.ts";
import { explainPostgresError, isPassing, untilReachable } from "./database-error.ts";
import { createDbosLogger } from "./dbos-log.ts";
import type { DbosLog } from "./dbos-log.ts";
import { DbosExecution } from "./dbos-execution.ts";
import { jsonSerializer } from "./json-serializer.ts";
import { adoptRuns, beat, forget, handBack, lookAtHeld } from "./executors.ts";
import { createRunNotes } from "./run-notes.ts";
import type { RunNotes } from "./run-notes.ts";
import { settleRuns } from "./settle-runs.ts";
import { application } from "./start-run.ts";

export interface DbosWorkerTimes {
  /** How long a worker that went silent is believed, by the clock of the database. */
  readonly leaseMs: number;
  /** How often a worker looks for new runs, and for what became of those it holds. */
  readonly pollMs: number;
}

export interface DbosWorkerDependencies {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly dbos: DBOSClient;
  readonly clock: Clock;
  readonly workerId: string;
  readonly times: DbosWorkerTimes;
  readonly log: DbosLog;
}

/** DBOS counts every dispatch, also of a run that only waited. So a little more than the embedded engine allows. */
const maxRecoveryAttempts = 100;

/** More than any partition will hold: DBOS orders by partition only in queues that have a limit. */
const unlimited = 1_000_000;

/** Looks for runs to settle after an execution: DBOS writes its end a little later than the code ends. */
const looksToSettle = 3;

interface Held {
  readonly execution: DbosExecution;
  readonly abort: AbortController;
}

let isWorking = false;

/** Executes runs through DBOS, of which a process can have one. Raises `runs.worker.second`. */
export async function startDbosWorker(
  options: WorkerOptions,
  dependencies: DbosWorkerDependencies,
): Promise<RunWorker> {
  if (isWorking) throw secondWorker();
  isWorking = true;
  try {
    const worker = new DbosWorker(options, dependencies);
    await worker.launch();
    return worker;
  } catch (error) {
    await DBOS.shutdown({ deregister: true });
    isWorking = false;
    throw explainPostgresError(error);
  }
}

class DbosWorker implements RunWorker {
  readonly workerId: string;
  readonly stopped: Promise<Error | null>;
  readonly #options: WorkerOptions;
  readonly #dependencies: DbosWorkerDependencies;
  readonly #notes: RunNotes;
  readonly #held = new Map<string, Held>();
  /** The newest execution of each run, from before it takes the run. */
  readonly #newest = new Map<string, symbol>();
  readonly #stop = new AbortController();
  readonly #finish: (failure: Error | null) => void;
  #looking: Promise<void> = Promise.resolve();
  #looksToSettle = looksToSettle;

  constructor(options: WorkerOptions, dependencies: DbosWorkerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.workerId = dependencies.workerId;
    this.#notes = createRunNotes(dependencies.pool, dependencies.clock);
    const { promise, resolve } = Promise.withResolvers<Error | null>();
    this.stopped = promise;
    this.#finish = resolve;
  }

  async launch(): Promise<void> {
    const { url, pool, dbos, times } = this.#dependencies;
    const { workflows, concurrency } = this.#options;
    await beat(pool, this.workerId, times.leaseMs);
    for (const workflow of workflows) {
      await dbos.registerQueue(kindOf(workflow), {
        partitionConcurrency: workflow.partitionLimit ?? unlimited,
        workerConcurrency: concurrency,
        minPollingIntervalMs: times.pollMs,
      });
      DBOS.registerWorkflow(() => this.#execute(workflow), { name: kindOf(workflow), maxRecoveryAttempts });
    }
    DBOS.setConfig({
      name: application.name,
      applicationVersion: application.version,
      systemDatabaseUrl: url,
      executorID: this.workerId,
      serializer: jsonSerializer,
      listenQueues: workflows.map(kindOf),
      enablePatching: true,
      runMigrations: false,
      logger: createDbosLogger(this.#dependencies.log),
    });
    await DBOS.launch();
    this.#looking = this.#keepLooking();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.signal.aborted) return void (await this.stopped);
    const { pool, log } = this.#dependencies;
    this.#stop.abort();
    for (const { abort } of this.#held.values()) abort.abort(new Error("the worker stops"));
    await this.#looking;
    await Promise.all([...this.#held.values()].map(({ execution }) => execution.close()));
    try {
      await DBOS.shutdown({ deregister: true });
      await handBack(pool, this.workerId, null);
      await forget(pool, this.workerId);
    } catch (error) {
      if (!isPassing(error)) throw error;
      // Then the runs are adopted when this worker's row ends.
      log("warn", "the database is away: runs in hand go on when the lease of this worker has ended");
    } finally {
      isWorking = false;
      this.#finish(null);
    }
  }

  async #keepLooking(): Promise<void> {
    const { clock, times, log } = this.#dependencies;
    let beatAtMs = Number.NEGATIVE_INFINITY;
    while (!this.#stop.signal.aborted) {
      try {
        const isDue = clock.monotonicMs() >= beatAtMs;
        if (isDue) beatAtMs = clock.monotonicMs() + Math.floor(times.leaseMs / 3);
        await this.#look(isDue);
      } catch (error) {
        // A database that is away for a while comes back; DBOS waits for it too.
        log("warn", `a look at the runs failed: ${error instanceof Error ? error.message : String(error)}`);
      }
      await clock.sleep(times.pollMs, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  async #look(isBeat: boolean): Promise<void> {
    const { pool, dbos, times } = this.#dependencies;
    if (isBeat) {
      await beat(pool, this.workerId, times.leaseMs);
      await adoptRuns(pool);
    }
    if (this.#held.size > 0) {
      const news = await lookAtHeld(pool, this.workerId, [...this.#held.keys()]);
      for (const id of news.cancelled) this.#tear(id, new dbosErrors.DBOSWorkflowCancelledError(id));
      for (const id of news.lost) this.#tear(id, new dbosErrors.DBOSWorkflowConflictError(id));
    }
    if (isBeat || this.#looksToSettle > 0) {
      this.#looksToSettle -= 1;
      await settleRuns(pool, dbos);
    }
  }

  #tear(runId: string, reason: Error): void {
    const held = this.#held.get(runId);
    held?.abort.abort(reason);
    void held?.execution.tear(reason);
  }

  /** What DBOS runs: the workflow's code in an execution of its own. */
  async #execute(workflow: Workflow): Promise<null> {
    const { clock, pool } = this.#dependencies;
    const runId = DBOS.workflowID ?? "";
    if (this.#stop.signal.aborted) return new Promise<never>(() => {});
    const mine = Symbol(runId);
    this.#newest.set(runId, mine);
    const input = await this.#take(runId);
    const abort = new AbortController();
    const handBackRun = (): Promise<unknown> => this.#patiently(() => handBack(pool, this.workerId, runId));
    const execution = new DbosExecution(runId, { clock, notes: this.#notes, abort, handBack: handBackRun });
    const held = { execution, abort };
    this.#held.set(runId, held);
    if (this.#stop.signal.aborted) abort.abort(new Error("the worker stops"));
    try {
      return await Promise.race([this.#runCode(workflow, execution, input), execution.torn]);
    } finally {
      if (this.#held.get(runId) === held) this.#held.delete(runId);
      // Whatever still listens, such as slots that a step took, lets go.
      abort.abort(new Error("the execution came to rest"));
      if (this.#newest.get(runId) === mine) await this.#letGo(runId);
      this.#looksToSettle = looksToSettle;
    }
  }

  /** The settling of a cancelled run waits for this; at the end of another DBOS's next write does it too. */
  async #letGo(runId: string): Promise<void> {
    this.#newest.delete(runId);
    await this.#patiently(() =>
      this.#dependencies.pool.query("update holdfast_runs.runs set executor = null where id = $1 and executor = $2", [
        runId,
        this.workerId,
      ]),
    );
  }

  /** Waits for a database that is away: that is no failure of a run. Where the worker stops meanwhile, never returns. */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await untilReachable(this.#dependencies.clock, this.#stop.signal, work);
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
      return new Promise<never>(() => {});
    }
  }

  async #take(runId: string): Promise<unknown> {
    const { rows } = await this.#patiently(() =>
      this.#dependencies.pool.query<{ input: string }>(
        `update holdfast_runs.runs set executor = $2, is_waiting = false where id = $1 and ended_status is null
         returning input`,
        [runId, this.workerId],
      ),
    );
    // It ended between DBOS's dispatch and now: only a cancel ends what nobody runs.
    if (rows[0] === undefined) throw new dbosErrors.DBOSWorkflowCancelledError(runId);
    return JSON.parse(rows[0].input) as unknown;
  }

  async #runCode(workflow: Workflow, execution: DbosExecution, input: unknown): Promise<null> {
    const { pool } = this.#dependencies;
    const { runId } = execution;
    try {
      const output = await workflow.run(execution, input as never);
      await execution.close();
      await execution.checkJournalUsed();
      const text = encodePayload(`the result of run ${runId}`, output);
      await this.#patiently(() =>
        pool.query("update holdfast_runs.runs set output = $2 where id = $1 and ended_status is null", [runId, text]),
      );
      return null;
    } catch (error) {
      await execution.close();
      const failure = toRunFailure(error);
      await this.#patiently(() =>
        pool.query(
          "update holdfast_runs.runs set failure = $2 where id = $1 and ended_status is null and failure is null",
          [runId, JSON.stringify(failure)],
        ),
      );
      throw new Error(`${failure.code}: ${failure.message}`, { cause: error });
    }
  }
}

function secondWorker(): HoldfastError {
  return new HoldfastError({
    code: "runs.worker.second",
    message: "this process has a worker of runs on PostgreSQL already",
    advice: "Start more processes; one worker executes many runs at once.",
    kind: "bug",
  });
}
