import type { Kysely } from "kysely";
import { HoldfastError } from "@holdfast/kernel";
import type { Clock } from "@holdfast/kernel";
import type { Host } from "./host.ts";
import { isHolderAlive, runLease } from "./liveness.ts";
import type { CatalogSchema, RunRow } from "./schema.ts";

export interface RunContext {
  readonly db: Kysely<CatalogSchema>;
  readonly clock: Clock;
  readonly host: Host;
}

export interface NewRun {
  readonly runId: string;
  readonly kind: string;
  readonly subject: string;
}

export function isRunAlive(row: RunRow, { host, clock }: RunContext): boolean {
  const holder = {
    machine: row.machine,
    bootId: row.boot_id,
    pidSpace: row.pid_space,
    pid: row.pid,
    processStart: row.process_start,
    heartbeatAtMs: row.heartbeat_at_ms,
  };
  return isHolderAlive(holder, host, clock.now());
}

/**
 * Marks a run alive on its subject until it is disposed or its process dies. Raises `catalog.run.busy` while a live run
 * holds the subject; a dead one is taken over in the same transaction.
 */
export async function beginRun(run: NewRun, context: RunContext): Promise<AsyncDisposable> {
  await context.db.transaction().execute(async (tx) => {
    const holder = await tx.selectFrom("runs").selectAll().where("subject", "=", run.subject).executeTakeFirst();
    if (holder !== undefined) {
      if (isRunAlive(holder, context)) throw busyRun(holder);
      await tx.deleteFrom("runs").where("id", "=", holder.id).execute();
    }
    await tx.insertInto("runs").values(newRow(run, context)).execute();
  });
  const stop = new AbortController();
  const beating = beat(run.runId, context, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      const failure = await beating;
      await context.db.deleteFrom("runs").where("id", "=", run.runId).execute();
      if (failure !== null) throw failure;
    },
  };
}

function newRow(run: NewRun, { clock, host }: RunContext): RunRow {
  return {
    id: run.runId,
    kind: run.kind,
    subject: run.subject,
    machine: host.self.machine,
    boot_id: host.self.bootId,
    pid_space: host.self.pidSpace,
    pid: host.self.pid,
    process_start: host.self.processStart,
    begun_at_ms: clock.now(),
    heartbeat_at_ms: clock.now(),
  };
}

/** Keeps the lease until told to stop. Answers what stopped it before that, for the run's end to raise. */
async function beat(runId: string, { db, clock }: RunContext, signal: AbortSignal): Promise<Error | null> {
  while (!signal.aborted) {
    try {
      await clock.sleep(runLease.heartbeatMs, { signal });
      // Lets other work in where a test's clock does not really wait.
      await new Promise((resolve) => setImmediate(resolve));
      await db.updateTable("runs").set({ heartbeat_at_ms: clock.now() }).where("id", "=", runId).execute();
    } catch (error) {
      if (signal.aborted) return null;
      // A missed beat is made good by the next one: the lease stands ten of them.
      if (error instanceof HoldfastError && error.kind === "fault") continue;
      return error instanceof Error ? error : new Error("the heartbeat of a run failed", { cause: error });
    }
  }
  return null;
}

function busyRun(holder: RunRow): HoldfastError {
  return new HoldfastError({
    code: "catalog.run.busy",
    message: `${holder.subject} is in the hands of another run (${holder.kind}, process ${holder.pid})`,
    advice: "Wait for that run to end, or stop its process; a stopped one is noticed at once on the same machine.",
    details: {
      subject: holder.subject,
      runId: holder.id,
      kind: holder.kind,
      pid: holder.pid,
      machine: holder.machine,
      begunAtMs: holder.begun_at_ms,
    },
  });
}
