import type { Kysely } from "kysely";

/** The logs of what people decided of applications, and of incidents. */
export async function createRecordTable(db: Kysely<unknown>): Promise<void> {
  const text = "text";
  await db.schema
    .createTable("records")
    .addColumn("log", text, (column) => column.notNull())
    .addColumn("subject", text, (column) => column.notNull())
    .addColumn("number", "integer", (column) => column.notNull())
    .addColumn("at_ms", "bigint", (column) => column.notNull())
    .addColumn("entered_by", text, (column) => column.notNull())
    .addColumn("document", text, (column) => column.notNull())
    .addColumn("digest", text, (column) => column.notNull())
    .addPrimaryKeyConstraint("record_key", ["log", "subject", "number"])
    .execute();
}
