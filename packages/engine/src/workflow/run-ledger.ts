import type { LedgerEntry, LedgerKind } from "../ports/records.ts";
import type { StampDeps } from "./workflow.ts";
import { removeEntries } from "./remove-entries.ts";
import type { Removal } from "./remove-entries.ts";

/** The ledger as one run sees it. */
export interface RunLedger {
  readonly runId: string;
  /** Enters the object, makes it, and marks it made. A failed `make` leaves the entry: the object may exist. */
  make<T>(kind: LedgerKind, objectId: string, make: () => Promise<T>): Promise<T>;
  /** Deletes one object that this run made, and its entry. Raises where that fails. */
  release(kind: LedgerKind, objectId: string): Promise<void>;
  /** Removes the entry of an object that another entry now names. */
  forget(kind: LedgerKind, objectId: string): Promise<void>;
  keep(kind: LedgerKind, objectId: string): Promise<void>;
  /** Deletes all that this run entered and did not keep, with a signal of its own: an abort must not stop it. */
  releaseAll(): Promise<Removal>;
}

export function createRunLedger(deps: StampDeps, runId: string): RunLedger {
  const { records, stamp, random } = deps;
  const mine = async (): Promise<LedgerEntry[]> =>
    (await records.listLedger(stamp.name)).filter((entry) => entry.runId === runId);
  const find = async (kind: LedgerKind, objectId: string): Promise<LedgerEntry[]> =>
    (await mine()).filter((entry) => entry.kind === kind && entry.objectId.toLowerCase() === objectId.toLowerCase());
  return {
    runId,
    async make(kind, objectId, make) {
      const id = random.uuid();
      await records.enter({ id, runId, stampName: stamp.name, kind, objectId });
      const made = await make();
      await records.mark(id, "made");
      return made;
    },
    async release(kind, objectId) {
      const removal = await removeEntries(deps, await find(kind, objectId));
      const failure = removal.failures[0];
      if (failure !== undefined) throw failure.error;
    },
    async forget(kind, objectId) {
      for (const entry of await find(kind, objectId)) await records.remove(entry.id);
    },
    async keep(kind, objectId) {
      for (const entry of await find(kind, objectId)) await records.mark(entry.id, "kept");
    },
    async releaseAll() {
      return await removeEntries(
        deps,
        (await mine()).filter((entry) => entry.state !== "kept"),
      );
    },
  };
}

/** Opens a source under a ledger entry for its SAS; disposing ends the access, then removes the entry. */
export async function openUnderLedger<T extends AsyncDisposable>(
  ledger: RunLedger,
  objectId: string,
  open: () => Promise<T>,
): Promise<{ readonly source: T } & AsyncDisposable> {
  const source = await ledger.make("sas", objectId, open);
  return {
    source,
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]();
      await ledger.forget("sas", objectId);
    },
  };
}
