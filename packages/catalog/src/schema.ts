import type { RecordRow } from "./record-row.ts";

/**
 * The tables. Column rules, so that the same code runs on PostgreSQL later: ids `text`; instants `bigint` in epoch
 * milliseconds; booleans `integer` 0 or 1; JSON as `text`; no arrays, no JSON operators.
 */
export interface CatalogSchema {
  stamps: StampRow;
  repositories: RepositoryRow;
  inventories: DocumentRow;
  probes: DocumentRow;
  runs: RunRow;
  ledger: LedgerRow;
  bases: BaseRow;
  installation: InstallationRow;
  media: MediumRow;
  custody: CustodyRow;
  records: RecordRow;
}

export interface MediumRow {
  name: string;
  set_name: string;
  repository_id: string;
  added_at_ms: number;
}

export interface CustodyRow {
  medium_name: string;
  number: number;
  at_ms: number;
  event: string;
  holder: string | null;
  point_count: number | null;
  newest_point_at_ms: number | null;
  finding_count: number | null;
  digest: string;
}

/** One row: which installation made what carries its tag on a stamp. */
export interface InstallationRow {
  id: string;
}

export interface StampRow {
  name: string;
  /** JSON of a StampRecord. */
  document: string;
  saved_at_ms: number;
}

export interface RepositoryRow {
  name: string;
  id: string;
  location: string;
  is_default: number;
  saved_at_ms: number;
}

export interface DocumentRow {
  stamp_name: string;
  document: string;
  taken_at_ms: number;
}

export interface RunRow {
  id: string;
  kind: string;
  subject: string;
  machine: string;
  boot_id: string;
  pid_space: string;
  pid: number;
  process_start: string;
  begun_at_ms: number;
  heartbeat_at_ms: number;
}

export interface LedgerRow {
  id: string;
  run_id: string;
  stamp_name: string;
  kind: string;
  object_id: string;
  /** `object_id` in lower case: ARM ids come back in other cases. */
  object_key: string;
  state: string;
  entered_at_ms: number;
}

export interface BaseRow {
  stamp_name: string;
  repository_id: string;
  disk_id: string;
  source_identity: string;
  size_bytes: number;
  snapshot_ref: string;
  point_id: string;
}
