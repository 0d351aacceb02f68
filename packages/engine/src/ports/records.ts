import type { Inventory, StampProbe } from "@holdfast/domain";

/** A thing that Holdfast makes on a stamp and must not leave behind. */
export type LedgerKind =
  | "snapshot"
  | "blob-snapshot"
  | "sas"
  | "staging-blob"
  | "disk"
  | "nic"
  | "vm"
  | "storage-account"
  | "resource-group";

/**
 * `intended` before the platform was asked, `made` after it answered, `kept` for a base snapshot that the next capture
 * needs and for what a restore handed over to its user. Gone entries are removed.
 */
export type LedgerState = "intended" | "made" | "kept";

export interface LedgerEntry {
  readonly id: string;
  readonly runId: string;
  readonly stampName: string;
  readonly kind: LedgerKind;
  /** ARM id or address, fixed before the object is made; never with a SAS. */
  readonly objectId: string;
  readonly state: LedgerState;
  readonly enteredAtMs: number;
}

/** The base that the next capture of a disk builds on. */
export interface CaptureBase {
  readonly stampName: string;
  readonly repositoryId: string;
  /** ARM id of the disk, or the address of its page blob; lower case. */
  readonly diskId: string;
  readonly sourceIdentity: string;
  readonly sizeBytes: number;
  readonly snapshotRef: string;
  readonly pointId: string;
}

/**
 * What Holdfast remembers between runs. Every write is durable when its promise settles.
 *
 * Obligations: `enter` is durable before the object that it names may be made; `listAbandoned` lists entries, other
 * than kept ones, of runs that are not alive: a killed process is seen as dead at once on its own host;
 * `beginRun` refuses with `catalog.run.busy` while another live run holds the same subject.
 */
export interface Records {
  saveInventory(inventory: Inventory): Promise<void>;
  loadInventory(stampName: string): Promise<Inventory | null>;
  saveProbe(probe: StampProbe): Promise<void>;
  loadProbe(stampName: string): Promise<StampProbe | null>;

  /** Marks a run alive on a subject (`stamp/vm id`) until disposed or until its process dies. */
  beginRun(run: { readonly runId: string; readonly kind: string; readonly subject: string }): Promise<AsyncDisposable>;

  enter(entry: Omit<LedgerEntry, "state" | "enteredAtMs">): Promise<void>;
  mark(entryId: string, state: LedgerState): Promise<void>;
  remove(entryId: string): Promise<void>;
  listLedger(stampName: string): Promise<readonly LedgerEntry[]>;
  listAbandoned(stampName: string): Promise<readonly LedgerEntry[]>;

  findBase(stampName: string, repositoryId: string, diskId: string): Promise<CaptureBase | null>;
  /**
   * In one transaction: makes this the base, marks its snapshot's ledger entry kept, and answers the base it replaces,
   * whose snapshot the caller then deletes; the replaced snapshot's entry goes back to `made` under this run.
   */
  replaceBase(base: CaptureBase, run: { readonly runId: string }): Promise<CaptureBase | null>;
  removeBase(stampName: string, repositoryId: string, diskId: string): Promise<void>;
}
