import { chmodSync, closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { SQLInputValue, StatementSync } from "node:sqlite";
import { HoldfastError } from "@holdfast/kernel";
import { explainDatabaseError, refusedFile } from "./database-error.ts";
import { runSchemas } from "./run-schema.ts";

export interface RunDatabaseOptions {
  /** A path, or `:memory:` for runs that need not outlive the process. */
  readonly file: string;
  /** Upper bound of the file's size in pages of 4096 bytes: tests fill a disk with it. */
  readonly maxPageCount?: number;
}

/**
 * How long a call stands still for another process's transaction, which takes milliseconds. Nothing else of this process
 * goes on meanwhile, so that longer waits are `patiently`'s.
 */
const lockWaitMs = 200;

/**
 * The file of runs. A transaction is on the disk when it has returned: WAL with `synchronous=FULL` lost nothing in power
 * cuts. Everything is synchronous, so that no other work of this process comes between the parts of a transaction.
 */
export class RunDatabase implements Disposable {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(options: RunDatabaseOptions) {
    this.#file = options.file;
    this.#database = this.#named(() => openDatabase(options));
    try {
      this.#migrate();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  all<Row>(sql: string, ...parameters: readonly SQLInputValue[]): Row[] {
    return this.#named(() => this.#prepare(sql).all(...parameters)) as Row[];
  }

  get<Row>(sql: string, ...parameters: readonly SQLInputValue[]): Row | undefined {
    return this.#named(() => this.#prepare(sql).get(...parameters)) as Row | undefined;
  }

  /** Answers how many rows changed. */
  run(sql: string, ...parameters: readonly SQLInputValue[]): number {
    return Number(this.#named(() => this.#prepare(sql).run(...parameters)).changes);
  }

  /** Takes the write lock first: a reader that turns writer half-way could act on a stale view. */
  transaction<T>(work: () => T): T {
    this.#exec("begin immediate");
    try {
      const result = work();
      this.#exec("commit");
      return result;
    } catch (error) {
      // On a full disk SQLite has rolled back by itself, and a second rollback would hide the first error.
      if (this.#database.isTransaction) this.#exec("rollback");
      throw error;
    }
  }

  /** Reads one state of the file, beside whoever writes. */
  snapshot<T>(work: () => T): T {
    this.#exec("begin");
    try {
      return work();
    } finally {
      if (this.#database.isTransaction) this.#exec("commit");
    }
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    const kept = this.#statements.get(sql);
    if (kept !== undefined) return kept;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #exec(sql: string): void {
    this.#named(() => this.#database.exec(sql));
  }

  #named<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw explainDatabaseError(error, this.#file);
    }
  }

  #migrate(): void {
    this.transaction(() => {
      const found = this.get<{ user_version: number }>("pragma user_version")?.user_version ?? 0;
      if (found > runSchemas.length) throw newerFile(this.#file);
      for (const schema of runSchemas.slice(found)) this.#exec(schema);
      if (found < runSchemas.length) this.#exec(`pragma user_version=${runSchemas.length}`);
    });
  }
}

function openDatabase({ file, maxPageCount }: RunDatabaseOptions): DatabaseSync {
  // Inputs and results of runs are nobody else's business; the WAL and its index take the rights of the file.
  if (file !== ":memory:") makePrivate(file);
  const database = new DatabaseSync(file, { timeout: lockWaitMs });
  try {
    database.exec(`pragma journal_mode=WAL; pragma synchronous=FULL; pragma busy_timeout=${lockWaitMs}`);
    if (maxPageCount !== undefined) database.exec(`pragma max_page_count=${maxPageCount}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function makePrivate(file: string): void {
  try {
    closeSync(openSync(file, "a", 0o600));
    chmodSync(file, 0o600);
  } catch (error) {
    throw refusedFile(file, error);
  }
}

function newerFile(file: string): HoldfastError {
  return new HoldfastError({
    code: "runs.file.newer-version",
    message: `the file of runs ${file} was changed by a newer Holdfast`,
    advice: "Use the newer version, or another folder by HOLDFAST_HOME.",
    details: { file },
  });
}
