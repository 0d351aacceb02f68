import { DatabaseSync } from "node:sqlite";
import type { SQLInputValue, StatementSync } from "node:sqlite";
import { CompiledQuery, SqliteAdapter, SqliteDriver, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
import type { DatabaseConnection, Dialect, SqliteDatabase, SqliteStatement } from "kysely";
import { explainSqliteError } from "./catalog-error.ts";

/** SQLite runs DDL in transactions; Kysely's own adapter leaves it out, and two first starts at once would then clash. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Takes the write lock when a transaction begins: a reader that turns writer half-way could fail with a stale view. */
class ImmediateSqliteDriver extends SqliteDriver {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync, shim: SqliteDatabase) {
    super({ database: shim });
    this.#database = database;
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // On a full disk SQLite has rolled back by itself, and a second rollback would hide the first error.
    if (this.#database.isTransaction) await connection.executeQuery(CompiledQuery.raw("rollback"));
  }
}

export interface SqliteOptions {
  readonly file: string;
  /** Upper bound of the file's size in pages of 4096 bytes: tests fill a disk with it. */
  readonly maxPageCount?: number;
}

/**
 * Opens a SQLite file by `node:sqlite` for Kysely. A commit is on the disk when its promise settles: WAL with
 * `synchronous=FULL` lost nothing in power cuts, NORMAL did.
 */
export function openSqliteDialect(options: SqliteOptions): Dialect {
  const { file } = options;
  const named = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw explainSqliteError(error, file);
    }
  };
  const database = named(() => openDatabase(options));
  const shim: SqliteDatabase = {
    close: () => database.close(),
    prepare: (text) =>
      shimStatement(
        named(() => database.prepare(text)),
        named,
      ),
  };
  return {
    createAdapter: () => new TransactionalSqliteAdapter(),
    createDriver: () => new ImmediateSqliteDriver(database, shim),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

function openDatabase({ file, maxPageCount }: SqliteOptions): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5000, enableForeignKeyConstraints: true });
  try {
    database.exec("pragma journal_mode=WAL; pragma synchronous=FULL; pragma foreign_keys=ON; pragma busy_timeout=5000");
    if (maxPageCount !== undefined) database.exec(`pragma max_page_count=${maxPageCount}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function shimStatement(statement: StatementSync, named: <T>(work: () => T) => T): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => named(() => statement.all(...(parameters as SQLInputValue[]))),
    run: (parameters) => named(() => statement.run(...(parameters as SQLInputValue[]))),
    iterate: (parameters) => named(() => statement.iterate(...(parameters as SQLInputValue[]))),
  };
}
