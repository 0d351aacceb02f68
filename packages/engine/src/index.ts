/**
 * The work: discover, probe, capture, restore, export. Workflows over the ports in `ports/`, whose obligations are
 * written there; adapters are chosen in apps/holdfast.
 */
export type {
  CallOptions,
  ManagedDisk,
  ManagedSnapshot,
  NewNic,
  NewSnapshot,
  NewVm,
  OperationOptions,
  PageSink,
  PageSource,
  Stamp,
  StampFacts,
} from "./ports/stamp.ts";
export type {
  CapturedDisk,
  CheckFinding,
  CheckReport,
  DiskCapture,
  DiskSource,
  PointStore,
  StoredDisk,
} from "./ports/point-store.ts";
export type { CaptureBase, LedgerEntry, LedgerKind, LedgerState, Records } from "./ports/records.ts";
