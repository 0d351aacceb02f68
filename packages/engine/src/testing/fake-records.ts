import { HoldfastError } from "@holdfast/kernel";
import type { Clock } from "@holdfast/kernel";
import type { Inventory, StampProbe } from "@holdfast/domain";
import type { CaptureBase, LedgerEntry, LedgerState, Records } from "../ports/records.ts";

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Records in memory. `killRuns` is what a new start sees: every run of before is dead. */
export class FakeRecords implements Records {
  readonly #clock: Clock;
  readonly #inventories = new Map<string, Inventory>();
  readonly #probes = new Map<string, StampProbe>();
  readonly #live = new Map<string, string>();
  #ledger: LedgerEntry[] = [];
  #bases: CaptureBase[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  killRuns(): void {
    this.#live.clear();
  }

  async saveInventory(inventory: Inventory): Promise<void> {
    this.#inventories.set(inventory.stampName, inventory);
  }
  async loadInventory(stampName: string): Promise<Inventory | null> {
    return this.#inventories.get(stampName) ?? null;
  }
  async saveProbe(probe: StampProbe): Promise<void> {
    this.#probes.set(probe.stampName, probe);
  }
  async loadProbe(stampName: string): Promise<StampProbe | null> {
    return this.#probes.get(stampName) ?? null;
  }

  async beginRun(run: { readonly runId: string; readonly subject: string }): Promise<AsyncDisposable> {
    if ([...this.#live.values()].includes(run.subject)) {
      throw new HoldfastError({ code: "catalog.run.busy", message: `${run.subject} is busy`, advice: "Wait for it." });
    }
    this.#live.set(run.runId, run.subject);
    return {
      [Symbol.asyncDispose]: async () => {
        this.#live.delete(run.runId);
      },
    };
  }

  async enter(entry: Omit<LedgerEntry, "state" | "enteredAtMs">): Promise<void> {
    this.#ledger.push({ ...entry, state: "intended", enteredAtMs: this.#clock.now() });
  }
  async mark(entryId: string, state: LedgerState): Promise<void> {
    if (!this.#ledger.some((entry) => entry.id === entryId)) {
      throw new HoldfastError({ code: "catalog.ledger.missing", message: `no entry ${entryId}`, advice: "Report it." });
    }
    this.#ledger = this.#ledger.map((entry) => (entry.id === entryId ? { ...entry, state } : entry));
  }
  async remove(entryId: string): Promise<void> {
    this.#ledger = this.#ledger.filter((entry) => entry.id !== entryId);
  }
  async listLedger(stampName: string): Promise<readonly LedgerEntry[]> {
    return this.#ledger.filter((entry) => entry.stampName === stampName);
  }
  async listAbandoned(stampName: string): Promise<readonly LedgerEntry[]> {
    const entries = await this.listLedger(stampName);
    return entries.filter((entry) => entry.state !== "kept" && !this.#live.has(entry.runId));
  }

  async findBase(stampName: string, repositoryId: string, diskId: string): Promise<CaptureBase | null> {
    return this.#bases.find((base) => isOf(base, { stampName, repositoryId, diskId })) ?? null;
  }
  async replaceBase(base: CaptureBase, run: { readonly runId: string }): Promise<CaptureBase | null> {
    const old = await this.findBase(base.stampName, base.repositoryId, base.diskId);
    this.#bases = [...this.#bases.filter((known) => !isOf(known, base)), base];
    this.#markObject(base.snapshotRef, { state: "kept" });
    if (old === null || same(old.snapshotRef, base.snapshotRef)) return null;
    this.#markObject(old.snapshotRef, { state: "made", runId: run.runId });
    return old;
  }
  async removeBase(stampName: string, repositoryId: string, diskId: string): Promise<void> {
    this.#bases = this.#bases.filter((base) => !isOf(base, { stampName, repositoryId, diskId }));
  }

  #markObject(objectId: string, change: { readonly state: LedgerState; readonly runId?: string }): void {
    this.#ledger = this.#ledger.map((entry) =>
      same(entry.objectId, objectId) && entry.kind.endsWith("snapshot") ? { ...entry, ...change } : entry,
    );
  }
}

function isOf(base: CaptureBase, key: Pick<CaptureBase, "stampName" | "repositoryId" | "diskId">): boolean {
  return base.stampName === key.stampName && base.repositoryId === key.repositoryId && same(base.diskId, key.diskId);
}
