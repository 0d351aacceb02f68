import { DBOSClient } from "@dbos-inc/dbos-sdk";
import type { Clock, Random, Secret } from "@holdfast/kernel";
import type pg from "pg";
import { checkName, checkStart, checkWhole, defaultPriority, encodePayload } from "../limits.ts";
import type {
  CallOptions,
  RunEngine,
  RunEngineTraits,
  RunWorker,
  SignalDelivery,
  Started,
  StartRequest,
  WorkerOptions,
} from "../run-engine.ts";
import { conflictingRun, unknownRun } from "../run-failure.ts";
import { createSlotPool } from "../slots/create-slot-pool.ts";
import type { SlotPool } from "../slots/slot-pool.ts";
import { runIdOf, toCancelFailure } from "../sqlite/sqlite-run-engine.ts";
import { explainPostgresError } from "./database-error.ts";
import { createDbosLogger } from "./dbos-log.ts";
import type { DbosLog } from "./dbos-log.ts";
import { startDbosWorker } from "./dbos-worker.ts";
import type { DbosWorkerTimes } from "./dbos-worker.ts";
import { jsonSerializer } from "./json-serializer.ts";
import { createPostgresSlotStore } from "./postgres-slot-store.ts";
import { inTransaction, migrateRuns, openPool } from "./run-database.ts";
import { findRun, listRuns, pruneRuns, readEvents } from "./run-history.ts";
import { sendSignal } from "./send-signal.ts";
import { settleRuns } from "./settle-runs.ts";
import { application, insertRun } from "./start-run.ts";

export interface DbosRunEngineOptions {
  /** `postgresql://…`, of PostgreSQL 15 or newer, with rights to make schemas in its database. */
  readonly url: Secret;
  /** A real one: DBOS sleeps by its own. */
  readonly clock: Clock;
  readonly random: Random;
  readonly times?: Partial<DbosWorkerTimes>;
  readonly log?: DbosLog;
}

const usualTimes: DbosWorkerTimes = { leaseMs: 15_000, pollMs: 1000 };

/** Longest of DBOS's own intervals: it looks for delayed runs and for new queues once a second. */
const dbosIntervalMs = 1000;

/** Opens durable runs in a PostgreSQL database, for any number of processes on any number of machines. */
export async function openDbosRunEngine(options: DbosRunEngineOptions): Promise<RunEngine> {
  const url = options.url.reveal();
  const pool = openPool(url, 8);
  try {
    // Connections that the server closes while they are idle are made anew.
    pool.on("error", (error) => options.log?.("warn", error.message));
    const logger = createDbosLogger(options.log ?? (() => undefined));
    await migrateRuns(url, pool, logger);
    const dbos = await DBOSClient.create({
      systemDatabaseUrl: url,
      serializer: jsonSerializer,
      applicationName: application.name,
      systemDatabasePoolSize: 4,
      logger,
    });
    return new DbosRunEngine(options, { url, pool, dbos });
  } catch (error) {
    await pool.end();
    throw explainPostgresError(error);
  }
}

class DbosRunEngine implements RunEngine {
  readonly traits: RunEngineTraits;
  readonly slots: SlotPool;
  readonly #options: DbosRunEngineOptions;
  readonly #times: DbosWorkerTimes;
  readonly #url: string;
  readonly #pool: pg.Pool;
  readonly #dbos: DBOSClient;
  #worker: RunWorker | null = null;

  constructor(
    options: DbosRunEngineOptions,
    { url, pool, dbos }: { readonly url: string; readonly pool: pg.Pool; readonly dbos: DBOSClient },
  ) {
    this.#options = options;
    this.#times = { ...usualTimes, ...options.times };
    this.#url = url;
    this.#pool = pool;
    this.#dbos = dbos;
    this.slots = createSlotPool({ store: createPostgresSlotStore(pool), clock: options.clock });
    this.traits = {
      waitingHoldsPlace: true,
      cancellingHoldsPlace: false,
      hasExactLimits: false,
      noticeMs: Math.max(this.#times.pollMs, dbosIntervalMs),
    };
  }

  async start(request: StartRequest, options: CallOptions = {}): Promise<Started> {
    options.signal?.throwIfAborted();
    checkStart(request);
    const input = encodePayload("the input of a run", request.input);
    const { workflow, deduplicationId } = request;
    const id =
      request.runId ?? (deduplicationId === undefined ? this.#options.random.uuid() : runIdOf(deduplicationId));
    const isNew = await inTransaction(this.#pool, (client) =>
      insertRun(client, this.#dbos, {
        id,
        workflow,
        input,
        compensation: workflow.compensation ?? null,
        partition: request.partition ?? null,
        priority: request.priority ?? defaultPriority,
        parentId: request.parentRunId ?? null,
        delayMs: request.delayMs ?? 0,
      }),
    );
    if (!isNew) {
      const found = await explained(findRun(this.#pool, id));
      if (found !== null && found.workflow !== workflow.name) throw conflictingRun(id, found.workflow);
    }
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
    encodePayload("the payload of a signal", signal.payload);
    return inTransaction(this.#pool, async (client): Promise<SignalDelivery> => {
      const run = await lockRun(client, runId);
      const known = await client.query("select 1 from holdfast_runs.signals where run_id = $1 and key = $2", [
        runId,
        signal.key,
      ]);
      if (known.rows.length > 0) return "already-delivered";
      if (run.isOver) return "run-ended";
      await sendSignal(client, this.#dbos, runId, signal);
      return "delivered";
    });
  }

  async cancel(runId: string, reason: string, options: CallOptions = {}): Promise<boolean> {
    options.signal?.throwIfAborted();
    const isOver = await inTransaction(this.#pool, async (client) => {
      const run = await lockRun(client, runId);
      if (run.isEnded) return true;
      await client.query("update holdfast_runs.runs set failure = coalesce(failure, $2) where id = $1", [
        runId,
        JSON.stringify(toCancelFailure(reason)),
      ]);
      return false;
    });
    if (isOver) return false;
    await explained(this.#dbos.cancelWorkflow(runId));
    // It may have ended between the two; then there is nothing to settle, and what it says is its end.
    await explained(settleRuns(this.#pool, this.#dbos, runId));
    const status = (await explained(findRun(this.#pool, runId)))?.status;
    return status === "cancelled" || status === "cancelling";
  }

  async find(runId: string, options: CallOptions = {}): ReturnType<RunEngine["find"]> {
    options.signal?.throwIfAborted();
    return explained(findRun(this.#pool, runId));
  }

  async list(filter: Parameters<RunEngine["list"]>[0], options: CallOptions = {}): ReturnType<RunEngine["list"]> {
    options.signal?.throwIfAborted();
    return explained(listRuns(this.#pool, filter));
  }

  async readEvents(
    { afterSequence, limit }: { readonly afterSequence: number; readonly limit?: number },
    options: CallOptions = {},
  ): ReturnType<RunEngine["readEvents"]> {
    options.signal?.throwIfAborted();
    return readEvents(this.#pool, afterSequence, limit);
  }

  async prune(
    { endedBeforeMs, limit = 1000 }: { readonly endedBeforeMs: number; readonly limit?: number },
    options: CallOptions = {},
  ): Promise<number> {
    options.signal?.throwIfAborted();
    return explained(pruneRuns(this.#pool, this.#dbos, endedBeforeMs, limit));
  }

  async startWorker(options: WorkerOptions): Promise<RunWorker> {
    checkWhole("the concurrency of a worker", options.concurrency, 1, 10_000);
    const { clock, random, log } = this.#options;
    const worker = await startDbosWorker(options, {
      url: this.#url,
      pool: this.#pool,
      dbos: this.#dbos,
      clock,
      workerId: random.uuid(),
      times: this.#times,
      log: log ?? (() => undefined),
    });
    this.#worker = worker;
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.[Symbol.asyncDispose]();
    await this.#dbos.destroy();
    await this.#pool.end();
  }
}

async function explained<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw explainPostgresError(error);
  }
}

interface LockedRun {
  /** Ended, with all that follows from it done or on its way. */
  readonly isEnded: boolean;
  /** Ended or cancelled: it takes no signal any more. */
  readonly isOver: boolean;
}

// Events that a worker adds refer to the run's row: a lock that shuts them out too would end in a deadlock.
async function lockRun(client: pg.PoolClient, runId: string): Promise<LockedRun> {
  const { rows } = await client.query<{ ended_status: string | null; status: string | null }>(
    `select r.ended_status, w.status from holdfast_runs.runs r
       left join dbos.workflow_status w on w.workflow_uuid = r.id where r.id = $1 for no key update of r`,
    [runId],
  );
  const run = rows[0];
  if (run === undefined) throw unknownRun(runId);
  return { isEnded: run.ended_status !== null, isOver: run.ended_status !== null || run.status === "CANCELLED" };
}
