import type pg from "pg";

/** Keeps a worker among those that live, for a time by the clock of the database. */
export async function beat(pool: pg.Pool, executorId: string, leaseMs: number): Promise<void> {
  await pool.query(
    `insert into holdfast_runs.executors values ($1, now() + $2 * interval '1 millisecond')
     on conflict (id) do update set alive_until = excluded.alive_until`,
    [executorId, leaseMs],
  );
}

/**
 * Puts the runs of dead workers back into their queues. DBOS does this for a worker only when it comes back under its
 * name, and leaves the places of the dead in their partitions taken until then.
 */
export async function adoptRuns(pool: pg.Pool): Promise<void> {
  await pool.query(
    `update dbos.workflow_status set status = 'ENQUEUED', started_at_epoch_ms = null, owner_xid = null,
       updated_at = holdfast_runs.now_ms()
     where status = 'PENDING' and workflow_uuid in (
       select w.workflow_uuid from dbos.workflow_status w join holdfast_runs.runs r on r.id = w.workflow_uuid
       where w.status = 'PENDING' and w.queue_name is not null and not exists (
         select 1 from holdfast_runs.executors e where e.id = w.executor_id and e.alive_until > now())
       for update of w skip locked)`,
  );
  await pool.query("delete from holdfast_runs.executors where alive_until < now() - interval '1 day'");
}

/** Puts a run of a worker, or all, back into their queues, and does not count it as a recovery. */
export async function handBack(pool: pg.Pool, executorId: string, runId: string | null): Promise<void> {
  await pool.query(
    `update dbos.workflow_status set status = 'ENQUEUED', started_at_epoch_ms = null, owner_xid = null,
       recovery_attempts = greatest(recovery_attempts - 1, 0), updated_at = holdfast_runs.now_ms()
     where status = 'PENDING' and executor_id = $1 and ($2::text is null or workflow_uuid = $2)`,
    [executorId, runId],
  );
}

/** Strikes a worker that stops in order off those that live. */
export async function forget(pool: pg.Pool, executorId: string): Promise<void> {
  await pool.query("delete from holdfast_runs.executors where id = $1", [executorId]);
}

export interface HeldNews {
  readonly cancelled: readonly string[];
  /** In other hands, or ended. */
  readonly lost: readonly string[];
}

/** Tells what became of runs that a worker believes to hold. */
export async function lookAtHeld(pool: pg.Pool, executorId: string, runIds: readonly string[]): Promise<HeldNews> {
  const { rows } = await pool.query<{ id: string; status: string; executor: string }>(
    `select workflow_uuid as id, status, executor_id as executor from dbos.workflow_status where workflow_uuid = any($1)`,
    [runIds],
  );
  const found = new Map(rows.map((row) => [row.id, row]));
  const cancelled = runIds.filter((id) => found.get(id)?.status === "CANCELLED");
  const isHeld = (id: string): boolean => {
    const row = found.get(id);
    return row?.status === "PENDING" && row.executor === executorId;
  };
  return { cancelled, lost: runIds.filter((id) => !cancelled.includes(id) && !isHeld(id)) };
}
