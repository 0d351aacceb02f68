import type { PlacedVm } from "../applications/application.ts";
import type { Contact, RecoveryNotes } from "../decisions/decision.ts";
import type { Objectives } from "../objectives/objectives.ts";
import type { RecoveryPoint } from "../recovery-point/recovery-point.ts";
import type { ApplicationRecoveries } from "../recovery-time/application-recoveries.ts";

/** All that a runbook says of one application. */
export interface RunbookModel {
  readonly application: string;
  readonly generatedAtMs: number;
  readonly owner: string;
  readonly objectives: Objectives | null;
  readonly recoveries: ApplicationRecoveries;
  readonly contacts: readonly Contact[];
  readonly notes: RecoveryNotes;
  /** Applications that have to run before, in order. */
  readonly before: readonly string[];
  readonly vms: readonly PlacedVm[];
  /** The newest point of each VM by its key; empty where no repository was asked. */
  readonly newestPoints: ReadonlyMap<string, RecoveryPoint>;
  /** The repository that the steps use; null where none is known. */
  readonly repository: { readonly name: string; readonly location: string } | null;
  /** Stamps of its VMs, and the others that could take them. */
  readonly stamps: readonly RunbookStamp[];
}

export interface RunbookStamp {
  readonly name: string;
  readonly armEndpoint: string;
  readonly tenant: string;
  readonly clientId: string;
  /** Where its secret lies on the machine of Holdfast. Never the secret. */
  readonly credentialPath: string;
  readonly caFile: string | null;
}
