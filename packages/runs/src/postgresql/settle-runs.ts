import type { DBOSClient } from "@dbos-inc/dbos-sdk";
import type pg from "pg";
import type { RunFailure } from "../run-record.ts";
import type { StoppedRun } from "../workflow.ts";
import { childEndSignal, undoIdOf } from "../child-run.ts";
import type { ChildOutcome } from "../child-run.ts";
import { inTransaction } from "./run-database.ts";
import { sendSignal } from "./send-signal.ts";
import { insertRun } from "./start-run.ts";

interface Unsettled {
  readonly id: string;
  readonly workflow: string;
  readonly compensation: string | null;
  readonly compensation_version: number | null;
  readonly partition: string | null;
  readonly priority: number;
  readonly parent_id: string | null;
  readonly input: string;
  readonly output: string | null;
  readonly ended_status: "succeeded" | "failed" | null;
  readonly failure: string | null;
}

/**
 * Does what DBOS leaves out at the end of a run: ends those that were cancelled, as soon as no worker that lives has their
 * code in hand, starts what undoes them and failed ones, and tells the parents of all. Each is one transaction, so that any process may do it, at any time.
 */
export async function settleRuns(pool: pg.Pool, dbos: DBOSClient, only: string | null = null): Promise<void> {
  const { rows } = await pool.query<{ id: string }>(
    `select r.id from holdfast_runs.runs r join dbos.workflow_status w on w.workflow_uuid = r.id
     where not r.is_settled and ($1::text is null or r.id = $1)
       and (r.ended_status is not null or w.status = 'CANCELLED')
     limit 200`,
    [only],
  );
  for (const { id } of rows) await inTransaction(pool, (client) => settle(client, dbos, id));
}

async function settle(client: pg.PoolClient, dbos: DBOSClient, id: string): Promise<void> {
  const { rows } = await client.query<Unsettled>(
    `select r.* from holdfast_runs.runs r
     where r.id = $1 and not r.is_settled
       and not exists (select 1 from holdfast_runs.executors e where e.id = r.executor and e.alive_until > now())
     for update`,
    [id],
  );
  const run = rows[0];
  if (run === undefined) return;
  if (run.ended_status === null) {
    await client.query(
      `update holdfast_runs.runs set ended_status = 'cancelled', ended_at_ms = holdfast_runs.now_ms(), progress = null,
         executor = null, is_waiting = false where id = $1`,
      [id],
    );
    const body = JSON.stringify({ failure: JSON.parse(run.failure ?? "null") as unknown });
    await client.query("select holdfast_runs.tell($1, $2, 'run-cancelled', $3)", [id, run.workflow, body]);
  }
  await client.query("update holdfast_runs.runs set is_settled = true where id = $1", [id]);
  const outcome = run.ended_status ?? "cancelled";
  await tellParent(client, dbos, run, outcome);
  if (outcome === "succeeded" || run.compensation === null || run.compensation_version === null) return;
  const stopped: StoppedRun = { runId: id, outcome, input: JSON.parse(run.input) as unknown };
  await insertRun(client, dbos, {
    id: undoIdOf(id),
    workflow: { name: run.compensation, version: run.compensation_version },
    compensation: null,
    partition: run.partition,
    priority: run.priority,
    parentId: id,
    input: JSON.stringify(stopped),
    delayMs: 0,
  });
}

/** A signal like any other; a parent that has ended hears nothing. */
async function tellParent(
  client: pg.PoolClient,
  dbos: DBOSClient,
  run: Unsettled,
  status: "succeeded" | "failed" | "cancelled",
): Promise<void> {
  const parent = await client.query(
    `select 1 from holdfast_runs.runs r join dbos.workflow_status w on w.workflow_uuid = r.id
     where r.id = $1 and r.ended_status is null and w.status <> 'CANCELLED' for no key update of r`,
    [run.parent_id],
  );
  if (parent.rows.length === 0 || run.parent_id === null) return;
  const outcome: ChildOutcome =
    status === "succeeded"
      ? { status, output: JSON.parse(run.output ?? "null") as unknown }
      : { status, failure: JSON.parse(run.failure ?? "null") as RunFailure | null };
  await sendSignal(client, dbos, run.parent_id, {
    name: childEndSignal(run.id),
    key: childEndSignal(run.id),
    payload: outcome,
  });
}
