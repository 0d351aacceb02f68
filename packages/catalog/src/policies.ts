import { HoldfastError } from "@holdfast/kernel";
import type { Clock } from "@holdfast/kernel";
import type { Kysely } from "kysely";
import { z } from "zod";
import { unreadableCatalog } from "./catalog-error.ts";
import { parseDocument } from "./documents.ts";
import { appendRecords, readRecords } from "./record-log.ts";
import type { RecordRow } from "./record-row.ts";
import type { CatalogSchema } from "./schema.ts";

/** A policy file as it was applied. */
export interface AppliedPolicies {
  /** From 1, without a gap. */
  readonly number: number;
  readonly atMs: number;
  readonly enteredBy: string;
  readonly fileName: string;
  /** The whole file, comments and all. */
  readonly text: string;
}

export interface Policies {
  /** What holds; null before anything was applied. */
  loadPolicies(): Promise<AppliedPolicies | null>;
  /** Oldest first. */
  listPolicies(): Promise<readonly AppliedPolicies[]>;
  /**
   * Makes a file hold. `after` is the number of the entry that it was planned against, 0 for none; raises
   * `catalog.policies.changed` where another was applied meanwhile.
   */
  applyPolicies(
    file: Pick<AppliedPolicies, "fileName" | "text">,
    after: number,
    enteredBy: string,
  ): Promise<AppliedPolicies>;
}

const log = "policies";
const subject = "file";
const policiesDocument = z.strictObject({ fileName: z.string(), text: z.string() });

/** The log of policy files. Entries are added and never changed; the last one holds. */
export function createPolicies(db: Kysely<CatalogSchema>, clock: Clock, file: string): Policies {
  const list = async (): Promise<AppliedPolicies[]> =>
    (await readRecords(db, log, subject)).map((row) => parsePolicies(row, file));
  return {
    listPolicies: list,
    loadPolicies: async () => (await list()).at(-1) ?? null,
    applyPolicies: ({ fileName, text }, after, enteredBy) =>
      db.transaction().execute(async (tx) => {
        const before = await readRecords(tx, log, subject);
        if (before.length !== after) throw policiesChanged(before.at(-1));
        const atMs = clock.now();
        await appendRecords(tx, { log, subject, before }, [{ atMs, enteredBy, value: { fileName, text } }]);
        return { number: after + 1, atMs, enteredBy, fileName, text };
      }),
  };
}

function parsePolicies({ number, at_ms, entered_by, document }: RecordRow, file: string): AppliedPolicies {
  const what = `entry ${number} of the policies`;
  const parsed = policiesDocument.safeParse(parseDocument(document, file, what));
  if (!parsed.success) throw unreadableCatalog(file, `${what} is no policy file`, parsed.error);
  return { ...parsed.data, number, atMs: at_ms, enteredBy: entered_by };
}

function policiesChanged(last: RecordRow | undefined): HoldfastError {
  return new HoldfastError({
    code: "catalog.policies.changed",
    message: `other policies were applied meanwhile, by ${last?.entered_by ?? "nobody"}`,
    advice: "Plan again: what would change is another now.",
    details: { number: last?.number ?? 0 },
    isRetryable: true,
  });
}
