import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import type { RecordRow } from "./record-row.ts";
import type { CatalogSchema } from "./schema.ts";

export type RecordLogName = "application" | "incident" | "policies" | "audit";

/** What is added to a log. */
export interface NewEntry {
  readonly atMs: number;
  readonly enteredBy: string;
  readonly value: unknown;
}

/** An entry that is missing, or is not what was written. */
export interface BrokenRecord {
  readonly log: RecordLogName;
  readonly subject: string;
  readonly number: number;
}

/** All entries of a log, by subject and then oldest first. */
export async function readRecords(
  db: Kysely<CatalogSchema>,
  log: RecordLogName,
  subject?: string,
): Promise<readonly RecordRow[]> {
  const all = db.selectFrom("records").selectAll().where("log", "=", log);
  const chosen = subject === undefined ? all : all.where("subject", "=", subject);
  return await chosen.orderBy("subject").orderBy("number").execute();
}

/** Adds entries after those that the same transaction has read. */
export async function appendRecords(
  tx: Kysely<CatalogSchema>,
  {
    log,
    subject,
    before,
  }: { readonly log: RecordLogName; readonly subject: string; readonly before: readonly RecordRow[] },
  entries: readonly NewEntry[],
): Promise<void> {
  // Not how many there are: a log with a gap, which is told as broken, still takes entries.
  let number = before.at(-1)?.number ?? 0;
  let digest = before.at(-1)?.digest ?? "";
  for (const { atMs, enteredBy, value } of entries) {
    number += 1;
    const row = { log, subject, number, at_ms: atMs, entered_by: enteredBy, document: JSON.stringify(value) };
    digest = recordDigest(digest, row);
    await tx
      .insertInto("records")
      .values({ ...row, digest })
      .execute();
  }
}

/** The first broken entry of each subject. What was cut off at the end of a log is not seen by its digests. */
export function findBrokenRecords(rows: readonly RecordRow[]): readonly BrokenRecord[] {
  return [...Map.groupBy(rows, ({ log, subject }) => `${log} ${subject}`).values()].flatMap((own) => {
    let before = "";
    for (const [i, { digest, ...row }] of own.entries()) {
      const number = i + 1;
      if (row.number !== number || digest !== recordDigest(before, row))
        return [{ log: row.log as RecordLogName, subject: row.subject, number }];
      before = digest;
    }
    return [];
  });
}

/** The digest of an entry behind one with the digest `before`. */
export function recordDigest(before: string, row: Omit<RecordRow, "digest">): string {
  const fields = [before, row.log, row.subject, row.number, row.at_ms, row.entered_by, row.document];
  return createHash("sha256").update(JSON.stringify(fields)).digest("hex");
}
