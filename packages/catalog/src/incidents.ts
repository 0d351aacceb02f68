import { applyIncidentEvent, openIncident } from "@holdfast/domain";
import type { Incident, IncidentEvent } from "@holdfast/domain";
import { HoldfastError, invariant } from "@holdfast/kernel";
import type { Clock } from "@holdfast/kernel";
import type { Kysely } from "kysely";
import type { z } from "zod";
import { unreadableCatalog } from "./catalog-error.ts";
import { parseDocument } from "./documents.ts";
import { incidentEvent, incidentOpening } from "./incident-document.ts";
import type { IncidentOpening } from "./incident-document.ts";
import { appendRecords, readRecords } from "./record-log.ts";
import type { RecordRow } from "./record-row.ts";
import type { CatalogSchema } from "./schema.ts";

/** An incident, a drill or a proof, as it begins. */
export type NewIncident = Pick<Incident, "id" | "application" | "scenario" | "kind" | "startedAtMs" | "openedAtMs">;

/** An entry of an incident's log, with who entered it and when: not when it happened. */
export interface RecordedIncidentEvent {
  readonly number: number;
  readonly enteredAtMs: number;
  readonly enteredBy: string;
  readonly event: IncidentOpening | IncidentEvent;
}

export interface Incidents {
  /**
   * Opens an incident, and enters events that are known already: all or none. So a drill that has ended is one call.
   * Raises `catalog.incident.exists`, and what `openIncident` and `applyIncidentEvent` raise.
   */
  recordIncident(incident: NewIncident, events: readonly IncidentEvent[], enteredBy: string): Promise<Incident>;
  /** Enters events, all or none. Raises `catalog.incident.not-found` and what `applyIncidentEvent` raises. */
  recordIncidentEvents(id: string, events: readonly IncidentEvent[], enteredBy: string): Promise<Incident>;
  /** The latest start first. */
  listIncidents(): Promise<readonly Incident[]>;
  /** Oldest first; empty where there is no such incident. */
  listIncidentEvents(id: string): Promise<readonly RecordedIncidentEvent[]>;
}

/** Incidents, drills and proofs, each as a log of events. Entries are added and never changed. */
export function createIncidents(db: Kysely<CatalogSchema>, clock: Clock, file: string): Incidents {
  const log = "incident" as const;
  const append = async (
    tx: Kysely<CatalogSchema>,
    before: readonly RecordRow[],
    { subject, events, enteredBy }: { subject: string; events: readonly unknown[]; enteredBy: string },
  ): Promise<void> => {
    const atMs = clock.now();
    const entries = events.map((value) => ({ atMs, enteredBy, value }));
    await appendRecords(tx, { log, subject, before }, entries);
  };
  return {
    recordIncident: (wanted, events, enteredBy) =>
      db.transaction().execute(async (tx) => {
        const { id, kind, ...rest } = wanted;
        const before = await readRecords(tx, log, id);
        if (before.length > 0) throw incidentExists(id);
        const incident = events.reduce(applyIncidentEvent, openIncident(wanted));
        const opening: IncidentOpening = { kind: "opened", recovery: kind, ...rest };
        await append(tx, before, { subject: id, events: [opening, ...events], enteredBy });
        return incident;
      }),
    recordIncidentEvents: (id, events, enteredBy) =>
      db.transaction().execute(async (tx) => {
        const before = await readRecords(tx, log, id);
        if (before.length === 0) throw incidentNotFound(id);
        const incident = events.reduce(applyIncidentEvent, foldIncident(before, file));
        await append(tx, before, { subject: id, events, enteredBy });
        return incident;
      }),
    async listIncidents() {
      const logs = Map.groupBy(await readRecords(db, log), ({ subject }) => subject);
      const incidents = [...logs.values()].map((rows) => foldIncident(rows, file));
      return incidents.toSorted((a, b) => b.startedAtMs - a.startedAtMs || (a.id < b.id ? -1 : 1));
    },
    async listIncidentEvents(id) {
      return (await readRecords(db, log, id)).map((row) => ({
        number: row.number,
        enteredAtMs: row.at_ms,
        enteredBy: row.entered_by,
        event: row.number === 1 ? parse(incidentOpening, row, file) : parse(incidentEvent, row, file),
      }));
    },
  };
}

function foldIncident(rows: readonly RecordRow[], file: string): Incident {
  const [first, ...later] = rows;
  invariant(first !== undefined, "a log that is folded has an entry");
  const { kind: _kind, recovery, ...opening } = parse(incidentOpening, first, file);
  const opened = openIncident({ id: first.subject, kind: recovery, ...opening });
  return later.map((row) => parse(incidentEvent, row, file)).reduce(applyIncidentEvent, opened);
}

function parse<T>(schema: z.ZodType<T>, row: RecordRow, file: string): T {
  const what = `entry ${row.number} of incident ${row.subject}`;
  const parsed = schema.safeParse(parseDocument(row.document, file, what));
  if (!parsed.success) throw unreadableCatalog(file, `${what} is no event that is known`, parsed.error);
  return parsed.data;
}

function incidentExists(id: string): HoldfastError {
  return new HoldfastError({
    code: "catalog.incident.exists",
    message: `there is an incident ${id} already`,
    advice: "Enter what happened to that one by `holdfast incident mark`.",
    details: { incident: id },
  });
}

function incidentNotFound(id: string): HoldfastError {
  return new HoldfastError({
    code: "catalog.incident.not-found",
    message: `there is no incident ${id}`,
    advice: "List them by `holdfast incident list`.",
    details: { incident: id },
  });
}
