import { applyDecision, foldDecisions } from "@holdfast/domain";
import type { ApplicationDecisions, Decision, RecordedDecision } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import type { Clock } from "@holdfast/kernel";
import type { Kysely } from "kysely";
import { unreadableCatalog } from "./catalog-error.ts";
import { decisionDocument } from "./decision-document.ts";
import { parseDocument } from "./documents.ts";
import { appendRecords, findBrokenRecords, readRecords } from "./record-log.ts";
import type { BrokenRecord } from "./record-log.ts";
import type { RecordRow } from "./record-row.ts";
import type { CatalogSchema } from "./schema.ts";

export interface Decisions {
  /**
   * Enters decisions of one application, all or none, after what is in its log. Raises what `applyDecision` raises where
   * one of them does not fit what holds by then. Answers what holds afterwards.
   */
  recordDecisions(
    application: string,
    decisions: readonly Decision[],
    enteredBy: string,
  ): Promise<ApplicationDecisions>;
  /** Oldest first; empty for an application that nobody decided anything of. */
  listDecisions(application: string): Promise<readonly RecordedDecision[]>;
  /** What holds, by application. */
  loadDecisions(): Promise<ReadonlyMap<string, ApplicationDecisions>>;
  /** The first entry of each log, of applications, incidents and policies, that is missing or is not what was written. */
  findBrokenRecords(): Promise<readonly BrokenRecord[]>;
}

/** The log of what people decided. Entries are added and never changed; what holds is folded from them. */
export function createDecisions(db: Kysely<CatalogSchema>, clock: Clock, file: string): Decisions {
  const parse = (row: RecordRow): RecordedDecision => parseDecision(row, file);
  return {
    recordDecisions: (application, decisions, enteredBy) =>
      db.transaction().execute(async (tx) => {
        const before = await readRecords(tx, "application", application);
        const atMs = clock.now();
        const held = foldDecisions(before.map(parse));
        const holds = decisions.reduce(
          (state, decision) => applyDecision(state, { ...decision, number: state.number + 1, atMs, enteredBy }),
          held,
        );
        decisions.forEach(refuseUnreadable);
        const entries = decisions.map((value) => ({ atMs, enteredBy, value }));
        await appendRecords(tx, { log: "application", subject: application, before }, entries);
        return holds;
      }),
    async listDecisions(application) {
      return (await readRecords(db, "application", application)).map(parse);
    },
    async loadDecisions() {
      const rows = await readRecords(db, "application");
      const logs = Map.groupBy(rows, ({ subject }) => subject);
      return new Map([...logs].map(([application, own]) => [application, foldDecisions(own.map(parse))]));
    },
    async findBrokenRecords() {
      const logs = await Promise.all(
        (["application", "incident", "policies"] as const).map((log) => readRecords(db, log)),
      );
      return findBrokenRecords(logs.flat());
    },
  };
}

function parseDecision({ subject, number, at_ms, entered_by, document }: RecordRow, file: string): RecordedDecision {
  const what = `entry ${number} of application ${subject}`;
  const parsed = decisionDocument.safeParse(parseDocument(document, file, what));
  if (!parsed.success) throw unreadableCatalog(file, `${what} is no decision that is known`, parsed.error);
  return { ...parsed.data, number, atMs: at_ms, enteredBy: entered_by };
}

/** One entry that cannot be read back would take its whole log with it. */
function refuseUnreadable(decision: Decision): void {
  const parsed = decisionDocument.safeParse(JSON.parse(JSON.stringify(decision)));
  if (parsed.success) return;
  throw new HoldfastError({
    code: "catalog.record.refused",
    message: `a decision of kind ${decision.kind} has a field that it cannot be kept with`,
    advice: "Nothing was entered. Report this with the command that was run.",
    details: { kind: decision.kind },
    cause: parsed.error,
  });
}
