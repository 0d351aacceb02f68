import type { Clock } from "@holdfast/kernel";
import type { Kysely } from "kysely";
import { z } from "zod";
import { unreadableCatalog } from "./catalog-error.ts";
import { parseDocument } from "./documents.ts";
import { appendRecords, recordDigest } from "./record-log.ts";
import type { RecordRow } from "./record-row.ts";
import type { CatalogSchema } from "./schema.ts";

const auditedAct = z.strictObject({
  act: z.string(),
  scope: z.string(),
  outcome: z.enum(["done", "refused", "failed"]),
  reason: z.string(),
});

/** An act that somebody did or was refused. No secret belongs in any of its fields. */
export type AuditedAct = Readonly<z.infer<typeof auditedAct>>;

export interface AuditEntry extends AuditedAct {
  readonly number: number;
  readonly atMs: number;
  readonly principal: string;
}

/** The end of the audit log. Kept elsewhere, it shows later that nothing before it was changed or cut off. */
export interface AuditHead {
  readonly number: number;
  readonly digest: string;
}

export type AuditVerdict =
  | { readonly isWhole: true; readonly head: AuditHead }
  | { readonly isWhole: false; readonly brokenNumber: number };

export interface Audit {
  /** Adds an act at the end of the log and answers the new head. */
  appendAudit(principal: string, act: AuditedAct): Promise<AuditHead>;
  /** Oldest first, those after number `after` and at most `limit`. */
  listAudit(after: number, limit: number): Promise<readonly AuditEntry[]>;
  /** Checks each digest, and that the log still holds the anchor. Without an anchor a log cut off at its end is whole. */
  verifyAudit(anchor?: AuditHead): Promise<AuditVerdict>;
}

const log = "audit";
const subject = "";
const pageLength = 200;

/** One log of all acts, chained by digests as the logs of records are. */
export function createAudit(db: Kysely<CatalogSchema>, clock: Clock, file: string): Audit {
  const readAfter = (after: number, limit: number): Promise<RecordRow[]> =>
    ofAudit(db).where("number", ">", after).orderBy("number").limit(limit).execute();
  return {
    appendAudit: (principal, act) =>
      db.transaction().execute(async (tx) => {
        const before = await readLast(tx);
        const entry = { atMs: clock.now(), enteredBy: principal, value: auditedAct.parse(act) };
        await appendRecords(tx, { log, subject, before }, [entry]);
        return headOf((await readLast(tx))[0]);
      }),
    async listAudit(after, limit) {
      return (await readAfter(after, limit)).map((row) => parseEntry(row, file));
    },
    async verifyAudit(anchor) {
      let head = headOf(undefined);
      for (;;) {
        const rows = await readAfter(head.number, pageLength);
        for (const { digest, ...row } of rows) {
          const number = head.number + 1;
          if (row.number !== number || digest !== recordDigest(head.digest, row)) {
            return { isWhole: false, brokenNumber: number };
          }
          if (anchor?.number === number && anchor.digest !== digest) return { isWhole: false, brokenNumber: number };
          head = { number, digest };
        }
        if (rows.length < pageLength) break;
      }
      const isCut = anchor !== undefined && anchor.number > head.number;
      return isCut ? { isWhole: false, brokenNumber: head.number + 1 } : { isWhole: true, head };
    },
  };
}

function ofAudit(db: Kysely<CatalogSchema>) {
  return db.selectFrom("records").selectAll().where("log", "=", log).where("subject", "=", subject);
}

function readLast(db: Kysely<CatalogSchema>): Promise<RecordRow[]> {
  return ofAudit(db).orderBy("number", "desc").limit(1).execute();
}

function headOf(row: RecordRow | undefined): AuditHead {
  return { number: row?.number ?? 0, digest: row?.digest ?? "" };
}

function parseEntry({ number, at_ms, entered_by, document }: RecordRow, file: string): AuditEntry {
  const what = `entry ${number} of the audit log`;
  const parsed = auditedAct.safeParse(parseDocument(document, file, what));
  if (!parsed.success) throw unreadableCatalog(file, `${what} is no act that is known`, parsed.error);
  return { ...parsed.data, number, atMs: at_ms, principal: entered_by };
}
