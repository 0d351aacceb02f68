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
export { callOptions, tagNames } from "./workflow/workflow.ts";
export type { EngineDeps, ProgressEvent, StampDeps, WorkflowOptions } from "./workflow/workflow.ts";
export { discover, listVms } from "./workflow/discover.ts";
export type { ListedVm } from "./workflow/discover.ts";
export { runJanitor } from "./workflow/janitor.ts";
export type { JanitorReport } from "./workflow/janitor.ts";
export type { Removal } from "./workflow/remove-entries.ts";
export { backupVm } from "./capture/backup-vm.ts";
export type { BackupInput } from "./capture/capture-run.ts";
export { checkRepository, listPoints } from "./workflow/list-points.ts";
export { planRestoreVm } from "./restore/plan-restore-vm.ts";
export type { RestoreVmInput } from "./restore/plan-restore-vm.ts";
export { restoreVm } from "./restore/restore-vm.ts";
export type { RestoredVm } from "./restore/restore-vm.ts";
export { planRestoreDisk, restoreDisk } from "./restore/restore-disk.ts";
export type { RestoreDiskInput, RestoreDiskPlan } from "./restore/restore-disk.ts";
export { probeStamp } from "./probe/probe-stamp.ts";
export type { ProbeInput } from "./probe/probe-stamp.ts";
export { exportPoint } from "./export/export-point.ts";
export type { ExportDeps, ExportFormat, ExportInput } from "./export/export-point.ts";
export { copyAllocated } from "./restore/write-page-blob.ts";
export { createLocalImageFiles } from "./export/local-image-files.ts";
export { findQemuImg } from "./export/qemu-img.ts";
export type { DiskImageTool, ImageFile, ImageFiles } from "./ports/image-files.ts";
