import type { Kysely } from "kysely";
import { Migrator } from "kysely/migration";
import type { Migration } from "kysely/migration";
import { HoldfastError } from "@holdfast/kernel";
import { unreadableCatalog } from "./catalog-error.ts";
import { createRecordTable } from "./migrations/0003-records.ts";
import type { CatalogSchema } from "./schema.ts";

/** In the order of their names. A released one never changes; a new column is a new migration. */
const migrations: Readonly<Record<string, Migration>> = {
  "0001-begin": { up: createFirstTables },
  "0002-media": { up: createMediaTables },
  "0003-records": { up: createRecordTable },
};

async function createFirstTables(db: Kysely<unknown>): Promise<void> {
  const text = "text";
  await db.schema
    .createTable("stamps")
    .addColumn("name", text, (column) => column.primaryKey())
    .addColumn("document", text, (column) => column.notNull())
    .addColumn("saved_at_ms", "bigint", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("repositories")
    .addColumn("name", text, (column) => column.primaryKey())
    .addColumn("id", text, (column) => column.notNull())
    .addColumn("location", text, (column) => column.notNull())
    .addColumn("is_default", "integer", (column) => column.notNull())
    .addColumn("saved_at_ms", "bigint", (column) => column.notNull())
    .execute();
  for (const table of ["inventories", "probes"]) {
    await db.schema
      .createTable(table)
      .addColumn("stamp_name", text, (column) => column.primaryKey())
      .addColumn("document", text, (column) => column.notNull())
      .addColumn("taken_at_ms", "bigint", (column) => column.notNull())
      .execute();
  }
  await db.schema
    .createTable("installation")
    .addColumn("id", text, (column) => column.primaryKey())
    .execute();
  await createRunTables(db);
}

async function createRunTables(db: Kysely<unknown>): Promise<void> {
  const text = "text";
  let runs = db.schema.createTable("runs").addColumn("id", text, (column) => column.primaryKey());
  for (const name of ["kind", "machine", "boot_id", "pid_space", "process_start"]) {
    runs = runs.addColumn(name, text, (column) => column.notNull());
  }
  await runs
    .addColumn("subject", text, (column) => column.notNull().unique())
    .addColumn("pid", "integer", (column) => column.notNull())
    .addColumn("begun_at_ms", "bigint", (column) => column.notNull())
    .addColumn("heartbeat_at_ms", "bigint", (column) => column.notNull())
    .execute();
  let ledger = db.schema.createTable("ledger").addColumn("id", text, (column) => column.primaryKey());
  for (const name of ["run_id", "stamp_name", "kind", "object_id", "object_key", "state"]) {
    ledger = ledger.addColumn(name, text, (column) => column.notNull());
  }
  await ledger.addColumn("entered_at_ms", "bigint", (column) => column.notNull()).execute();
  await db.schema.createIndex("ledger_object").on("ledger").columns(["stamp_name", "object_key"]).execute();
  await createBaseTable(db);
}

async function createBaseTable(db: Kysely<unknown>): Promise<void> {
  const text = "text";
  await db.schema
    .createTable("bases")
    .addColumn("stamp_name", text, (column) => column.notNull())
    .addColumn("repository_id", text, (column) => column.notNull())
    .addColumn("disk_id", text, (column) => column.notNull())
    .addColumn("source_identity", text, (column) => column.notNull())
    .addColumn("snapshot_ref", text, (column) => column.notNull())
    .addColumn("point_id", text, (column) => column.notNull())
    .addColumn("size_bytes", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("bases_key", ["stamp_name", "repository_id", "disk_id"])
    .execute();
}

async function createMediaTables(db: Kysely<unknown>): Promise<void> {
  const text = "text";
  await db.schema
    .createTable("media")
    .addColumn("name", text, (column) => column.primaryKey())
    .addColumn("set_name", text, (column) => column.notNull())
    .addColumn("repository_id", text, (column) => column.notNull())
    .addColumn("added_at_ms", "bigint", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("custody")
    .addColumn("medium_name", text, (column) => column.notNull())
    .addColumn("number", "integer", (column) => column.notNull())
    .addColumn("at_ms", "bigint", (column) => column.notNull())
    .addColumn("event", text, (column) => column.notNull())
    .addColumn("holder", text)
    .addColumn("point_count", "integer")
    .addColumn("newest_point_at_ms", "bigint")
    .addColumn("finding_count", "integer")
    .addColumn("digest", text, (column) => column.notNull())
    .addPrimaryKeyConstraint("custody_key", ["medium_name", "number"])
    .execute();
}

/**
 * Brings the file to the present version in one transaction, so that two first starts at once make it once.
 *
 * Raises `catalog.file.newer-version` where a newer Holdfast has already changed it, and then changes nothing.
 */
export async function migrateCatalog(db: Kysely<CatalogSchema>, file: string): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  await refuseNewerVersion(db, file);
  const { error, results } = await migrator.migrateToLatest();
  if (error instanceof HoldfastError) throw error;
  if (error !== undefined) {
    const failed = results?.find((result) => result.status === "Error")?.migrationName ?? "the version table";
    throw unreadableCatalog(file, `migration failed at ${failed}`, error);
  }
}

async function refuseNewerVersion(db: Kysely<CatalogSchema>, file: string): Promise<void> {
  const versions = db.withTables<{ kysely_migration: { name: string } }>();
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === "kysely_migration")) {
    if (tables.length === 0) return;
    throw unreadableCatalog(file, "it is a database, but not one of Holdfast");
  }
  const done = await versions.selectFrom("kysely_migration").select("name").orderBy("name").execute();
  const unknown = done.find((row) => !(row.name in migrations));
  if (unknown === undefined) return;
  throw new HoldfastError({
    code: "catalog.file.newer-version",
    message: `the catalog ${file} was written by a newer Holdfast (it has ${unknown.name})`,
    advice: "Use that newer version, or another catalog folder by HOLDFAST_HOME.",
    details: { file, migration: unknown.name },
  });
}
