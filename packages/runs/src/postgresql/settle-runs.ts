import type { DBOSClient } from "@dbos-inc/dbos-sdk";
import type pg from "pg";
import type { StoppedRun } from "../workflow.ts";
import { undoIdOf } from "../sqlite/run-ledger.ts";
import { inTransaction } from "./run-database.ts";
import { insertRun } from "./start-run.ts";

interface Unsettled {
  readonly id: string;
  readonly workflow: string;
  readonly compensation: string | null;
  readonly compensation_version: number | null;
  readonly partition: string | null;
  readonly priority: number;
  readonly input: string;
  readonly ended_status: "failed" | null;
  readonly failure: string | null;
}

/**
 * Ends runs that were cancelled, as soon as no worker that lives has their code in hand, and starts what undoes them and
 * failed runs: DBOS knows no compensation. Each is one transaction, so that any process may do it, at any time.
 */
export async function settleRuns(pool: pg.Pool, dbos: DBOSClient, only: string | null = null): Promise<void> {
  const { rows } = await pool.query<{ id: string }>(
    `select r.id from holdfast_runs.runs r join dbos.workflow_status w on w.workflow_uuid = r.id
     where not r.is_settled and ($1::text is null or r.id = $1)
       and (r.ended_status = 'failed' or w.status = 'CANCELLED')
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
  if (run.compensation === null || run.compensation_version === null) return;
  const outcome = run.ended_status ?? "cancelled";
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
