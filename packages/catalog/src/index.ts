/**
 * The database: how to reach stamps and repositories, the last inventory and probe, runs and who holds them, the ledger
 * of what was made on stamps, the bases of the next captures, and the logs of decisions and incidents. One SQLite file, durable at each settled promise,
 * safe for several processes of one machine. Holds no secrets and no data of disks; design in docs/catalog.md.
 */
export { catalogFolder, openCatalog } from "./catalog.ts";
export type { Catalog, CatalogOptions } from "./catalog.ts";
export { createSystemHost } from "./host.ts";
export type { Host, ProcessHolder } from "./host.ts";
export { runLease } from "./liveness.ts";
export type { StampRecord } from "./stamps.ts";
export type { RepositoryRecord } from "./repositories.ts";
export type { LedgerEntry, LedgerKind, LedgerState } from "./ledger.ts";
export type { CaptureBase } from "./bases.ts";
export { findBrokenEntry } from "./media.ts";
export type { CustodyEntry, CustodyEvent, MediumRecord, NewCustodyEntry } from "./media.ts";
export type { BrokenRecord } from "./record-log.ts";
export type { NewIncident, RecordedIncidentEvent } from "./incidents.ts";
export type { AppliedPolicies, Policies } from "./policies.ts";
export type { Audit, AuditEntry, AuditHead, AuditVerdict, AuditedAct } from "./audit.ts";
