import type { VmConfiguration } from "@holdfast/domain";
import type { RunLedger } from "../workflow/run-ledger.ts";
import type { EngineDeps, WorkflowOptions } from "../workflow/workflow.ts";

export interface BackupInput {
  readonly vmId: string;
  /** Consent to snapshot the disks of a VM that is not stopped. */
  readonly allowRunningSnapshot?: boolean;
  /** Consent to capture a member of an availability set at VM level. */
  readonly allowAvailabilitySet?: boolean;
  readonly forceFull?: boolean;
}

/** What the steps of one capture share. */
export interface CaptureRun {
  readonly deps: EngineDeps;
  readonly ledger: RunLedger;
  readonly vm: VmConfiguration;
  readonly input: BackupInput;
  readonly options: WorkflowOptions;
}
