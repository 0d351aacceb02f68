import type { DBOSClient } from "@dbos-inc/dbos-sdk";
import type pg from "pg";
import { checkWhole } from "../limits.ts";
import type { EventPage, RunFilter, RunPage } from "../run-engine.ts";
import { endedStatuses, phaseOf } from "../run-record.ts";
import type { RunDetails, RunFailure, RunRecord, RunStatus, StepRecord } from "../run-record.ts";
import { toRunEvent } from "../sqlite/run-rows.ts";
import type { EventRow } from "../sqlite/run-rows.ts";
import { inTransaction } from "./run-database.ts";

interface ListedRow {
  readonly ordinal: number;
  readonly id: string;
  readonly workflow: string;
  readonly version: number;
  readonly status: RunStatus;
  readonly partition: string | null;
  readonly priority: number;
  readonly parent_id: string | null;
  readonly input: string;
  readonly output: string | null;
  readonly failure: string | null;
  readonly progress: string | null;
  readonly created_at_ms: number;
  readonly started_at_ms: number | null;
  readonly ended_at_ms: number | null;
  readonly attempts: number | null;
}

interface StepRow {
  readonly function_id: number;
  readonly function_name: string;
  readonly output: string | null;
  readonly started_at_epoch_ms: number | null;
  readonly completed_at_epoch_ms: number | null;
}

const listed = `select * from (
  select r.*, w.recovery_attempts as attempts, coalesce(r.ended_status, case w.status
    when 'PENDING' then case when r.is_waiting then 'waiting' else 'running' end
    when 'CANCELLED' then 'cancelling'
    else 'queued' end) as status
  from holdfast_runs.runs r left join dbos.workflow_status w on w.workflow_uuid = r.id) listed`;

const mostListed = 1000;

export async function findRun(pool: pg.Pool, runId: string): Promise<RunDetails | null> {
  const { rows } = await pool.query<ListedRow>(`${listed} where id = $1`, [runId]);
  if (rows[0] === undefined) return null;
  const steps = await pool.query<StepRow>(
    `select function_id, function_name, output, started_at_epoch_ms, completed_at_epoch_ms
     from dbos.operation_outputs where workflow_uuid = $1 order by function_id`,
    [runId],
  );
  return { ...toRunRecord(rows[0]), steps: toStepRecords(steps.rows) };
}

export async function listRuns(pool: pg.Pool, filter: RunFilter): Promise<RunPage> {
  const limit = filter.limit ?? 100;
  checkWhole("the size of a page", limit, 1, mostListed);
  // Only the conditions that are asked for, so that each finds its index: a history is long, what is open is short.
  const values: unknown[] = [filter.after ?? Number.MAX_SAFE_INTEGER];
  const conditions = ["ordinal < $1"];
  const ask = (sql: string, value: unknown): void => void conditions.push(sql.replace("?", `$${values.push(value)}`));
  if (filter.statuses !== undefined) {
    ask("status = any(?)", filter.statuses);
    if (!filter.statuses.some((status) => endedStatuses.includes(status))) conditions.push("ended_status is null");
  }
  if (filter.workflow !== undefined) ask("workflow = ?", filter.workflow);
  if (filter.partition !== undefined) ask("partition = ?", filter.partition);
  if (filter.parentRunId !== undefined) ask("parent_id = ?", filter.parentRunId);
  const { rows } = await pool.query<ListedRow>(
    `${listed} where ${conditions.join(" and ")} order by ordinal desc limit $${values.push(limit + 1)}`,
    values,
  );
  const page = rows.slice(0, limit);
  return { runs: page.map(toRunRecord), next: rows.length > limit ? String(page.at(-1)?.ordinal) : null };
}

/** Gives numbers to events that have none, under a lock, and reads. */
export function readEvents(pool: pg.Pool, afterSequence: number, limit = 100): Promise<EventPage> {
  checkWhole("a number of events", limit, 1, mostListed);
  return inTransaction(pool, async (client) => {
    const fresh = await client.query("select 1 from holdfast_runs.events where sequence is null limit 1");
    if (fresh.rows.length > 0) {
      await client.query("select value from holdfast_runs.marks where name = 'event-head' for update");
      await client.query(
        `with fresh as (select id, row_number() over (order by id) as place from holdfast_runs.events
           where sequence is null order by id limit 10000),
         head as (select value from holdfast_runs.marks where name = 'event-head'),
         numbered as (update holdfast_runs.events e set sequence = head.value + fresh.place
           from fresh, head where e.id = fresh.id and e.sequence is null returning e.sequence)
         update holdfast_runs.marks set value = greatest(value, (select max(sequence) from numbered))
         where name = 'event-head' and exists (select 1 from numbered)`,
      );
    }
    const { rows } = await client.query<EventRow>(
      "select * from holdfast_runs.events where sequence > $1 order by sequence limit $2",
      [afterSequence, limit],
    );
    const pruned = await client.query<{ value: number }>(
      "select value from holdfast_runs.marks where name = 'events-pruned-through'",
    );
    return {
      events: rows.map(toRunEvent),
      lastSequence: rows.at(-1)?.sequence ?? afterSequence,
      hasGap: (pruned.rows[0]?.value ?? 0) > afterSequence,
    };
  });
}

export async function pruneRuns(
  pool: pg.Pool,
  dbos: DBOSClient,
  endedBeforeMs: number,
  limit: number,
): Promise<number> {
  const { rows } = await pool.query<{ id: string }>(
    `select id from holdfast_runs.runs r where ended_at_ms < $1 and is_settled and not exists (
       select 1 from holdfast_runs.runs p where p.id = r.parent_id and p.ended_at_ms is null)
     order by ended_at_ms limit $2`,
    [endedBeforeMs, limit],
  );
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return 0;
  // Ours go last: they are what a prune that was cut off finds its runs by.
  await dbos.deleteWorkflows(ids);
  await inTransaction(pool, async (client) => {
    await client.query("select value from holdfast_runs.marks where name = 'event-head' for update");
    await client.query(
      `update holdfast_runs.marks set value = greatest(value, coalesce(
         (select max(sequence) from holdfast_runs.events where run_id = any($1)), 0)) where name = 'events-pruned-through'`,
      [ids],
    );
    for (const table of ["events", "signals"]) {
      await client.query(`delete from holdfast_runs.${table} where run_id = any($1)`, [ids]);
    }
    await client.query("delete from holdfast_runs.runs where id = any($1)", [ids]);
  });
  return ids.length;
}

const parsed = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));

function toRunRecord(row: ListedRow): RunRecord {
  return {
    runId: row.id,
    workflow: row.workflow,
    version: row.version,
    status: row.status,
    partition: row.partition,
    priority: row.priority,
    parentRunId: row.parent_id,
    input: JSON.parse(row.input) as unknown,
    output: row.status === "succeeded" ? parsed(row.output) : null,
    failure: row.status === "failed" || row.status === "cancelled" ? parsed<RunFailure>(row.failure) : null,
    progress: parsed(row.progress),
    createdAtMs: row.created_at_ms,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    recoveries: Math.max(0, (row.attempts ?? 0) - 1),
  };
}

const kinds = { "step:": "step", "sleep:": "sleep", "signal:": "signal", "DBOS.patch-": "patch" } as const;

/** Our names carry what they are; DBOS's own rows between them tell how a wait went. */
function toStepRecords(rows: readonly StepRow[]): StepRecord[] {
  const records: StepRecord[] = [];
  for (const [index, row] of rows.entries()) {
    const prefix = (Object.keys(kinds) as (keyof typeof kinds)[]).find((start) => row.function_name.startsWith(start));
    if (prefix === undefined) continue;
    const name = row.function_name.slice(prefix.length);
    const kind = kinds[prefix];
    const said = parsed<{ readonly failure?: RunFailure }>(kind === "step" ? row.output : null);
    const isWait = kind === "sleep" || kind === "signal";
    const next = rows[index + 1]?.function_name;
    const isOver = !isWait || next === "DBOS.recv" || next === `waited:${name}`;
    const last = isWait ? rows[index + 1] : row;
    records.push({
      position: records.length + 1,
      name,
      phase: phaseOf(name),
      kind,
      status: said?.failure !== undefined ? "failed" : isOver ? "succeeded" : "pending",
      failure: said?.failure ?? null,
      startedAtMs: row.started_at_epoch_ms,
      endedAtMs: isOver ? (last?.completed_at_epoch_ms ?? null) : null,
    });
  }
  return records;
}
