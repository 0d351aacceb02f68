import type { DLogger } from "@dbos-inc/dbos-sdk";
import { migrateSystemDatabase } from "@dbos-inc/dbos-sdk/internal/system_database";
import { HoldfastError } from "@holdfast/kernel";
import pg from "pg";
import { explainPostgresError } from "./database-error.ts";
import { runTables } from "./run-tables.ts";

/** Any number; it is only compared with itself. */
const migrationLock = 7_204_411;

/** A pool whose `bigint` columns are numbers: all of them are instants, counts and ordinals. */
export function openPool(url: string, max: number): pg.Pool {
  const types = new pg.TypeOverrides();
  types.setTypeParser(20, Number);
  return new pg.Pool({ connectionString: url, max, types });
}

/** The server undid the whole transaction, to end a deadlock or because another one came first. */
const undone = new Set(["40P01", "40001"]);
const tries = 5;

/**
 * Runs work in one transaction, again where the server undid it for the sake of another: it must do nothing but queries.
 * Raises `runs.database.unreachable`.
 */
export async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await inOneTransaction(pool, work);
    } catch (error) {
      if (attempt === tries || !wasUndone(error)) throw explainPostgresError(error);
    }
  }
}

function wasUndone(error: unknown): boolean {
  return error instanceof Error && "code" in error && undone.has(String(error.code));
}

async function inOneTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that breaks between two queries says so by an event, which would end the process unheard.
  const hear = (error: Error): void => void (broken = error);
  client.on("error", hear);
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch((failed: Error) => (broken = failed));
    throw error;
  } finally {
    client.off("error", hear);
    // A connection that cannot even roll back is not used again.
    client.release(broken);
  }
}

/** Brings DBOS's tables and ours to this version, one process at a time. */
export async function migrateRuns(url: string, pool: pg.Pool, logger: DLogger): Promise<void> {
  const lock = await pool.connect();
  let broken: Error | undefined;
  lock.on("error", (error) => (broken = error));
  try {
    await lock.query("select pg_advisory_lock($1)", [migrationLock]);
    const found = await readVersion(lock);
    if (found > runTables.length) throw newerTables();
    // `DBOS.migrate` is this with a logger that writes to standard output, which belongs to the command.
    await migrateSystemDatabase(url, logger as Parameters<typeof migrateSystemDatabase>[1]);
    await lock.query("create schema if not exists holdfast_runs");
    await lock.query("create table if not exists holdfast_runs.version (number integer not null)");
    for (const [index, sql] of runTables.entries()) {
      if (index < found) continue;
      await inTransaction(pool, async (client) => {
        await client.query(sql);
        await client.query("delete from holdfast_runs.version");
        await client.query("insert into holdfast_runs.version values ($1)", [index + 1]);
      });
    }
  } finally {
    await lock.query("select pg_advisory_unlock($1)", [migrationLock]).catch((error: Error) => (broken = error));
    // Ended, the connection gives up its lock too.
    lock.release(broken ?? true);
  }
}

async function readVersion(client: pg.PoolClient): Promise<number> {
  const there = await client.query<{ name: string | null }>(
    "select to_regclass('holdfast_runs.version')::text as name",
  );
  if (there.rows[0]?.name == null) return 0;
  const { rows } = await client.query<{ number: number }>("select number from holdfast_runs.version");
  return rows[0]?.number ?? 0;
}

function newerTables(): HoldfastError {
  return new HoldfastError({
    code: "runs.database.newer-version",
    message: "the database of runs was changed by a newer Holdfast",
    advice: "Use the newer version, or another database.",
  });
}
