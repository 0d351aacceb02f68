import type { DBOSClient } from "@dbos-inc/dbos-sdk";
import type pg from "pg";
import { kindOf } from "../sqlite/run-rows.ts";

/**
 * What DBOS calls the code of a run. Workers with different versions of workflows share one application: the queues,
 * one for each workflow and version, tell what a worker can run.
 */
export const application = { name: "holdfast", version: "1" };

/** Runs without a partition count as one of their own. */
export const noPartition = "-";

export interface NewRun {
  readonly id: string;
  readonly workflow: { readonly name: string; readonly version: number };
  readonly compensation: { readonly name: string; readonly version: number } | null;
  readonly partition: string | null;
  readonly priority: number;
  readonly parentId: string | null;
  /** JSON text. */
  readonly input: string;
  readonly delayMs: number;
}

/** Adds a run and its place in DBOS's queue, in the caller's transaction. Answers false where the id is there. */
export async function insertRun(client: pg.PoolClient, dbos: DBOSClient, run: NewRun): Promise<boolean> {
  const inserted = await client.query(
    `insert into holdfast_runs.runs (id, workflow, version, compensation, compensation_version, partition, priority,
       parent_id, input, created_at_ms) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, holdfast_runs.now_ms())
     on conflict (id) do nothing`,
    [
      run.id,
      run.workflow.name,
      run.workflow.version,
      run.compensation?.name ?? null,
      run.compensation?.version ?? null,
      run.partition,
      run.priority,
      run.parentId,
      run.input,
    ],
  );
  if (inserted.rowCount === 0) return false;
  await client.query("select holdfast_runs.tell($1, $2, 'run-queued', null)", [run.id, run.workflow.name]);
  const kind = kindOf(run.workflow);
  await dbos.enqueueInTransaction(client, {
    queueName: kind,
    workflowName: kind,
    workflowID: run.id,
    appVersion: application.version,
    priority: run.priority,
    queuePartitionKey: run.partition ?? noPartition,
    ...(run.delayMs > 0 ? { delaySeconds: run.delayMs / 1000 } : {}),
  });
  return true;
}
