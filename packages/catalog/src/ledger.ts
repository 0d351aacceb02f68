import { HoldfastError } from "@holdfast/kernel";
import { isRunAlive } from "./runs.ts";
import type { RunContext } from "./runs.ts";
import type { LedgerRow } from "./schema.ts";

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
export type LedgerState = "intended" | "made" | "kept";

/** A thing that Holdfast makes, or has made, on a stamp. */
export interface LedgerEntry {
  readonly id: string;
  readonly runId: string;
  readonly stampName: string;
  readonly kind: LedgerKind;
  readonly objectId: string;
  readonly state: LedgerState;
  readonly enteredAtMs: number;
}

export interface Ledger {
  enter(entry: Omit<LedgerEntry, "state" | "enteredAtMs">): Promise<void>;
  mark(entryId: string, state: LedgerState): Promise<void>;
  remove(entryId: string): Promise<void>;
  listLedger(stampName: string): Promise<readonly LedgerEntry[]>;
  listAbandoned(stampName: string): Promise<readonly LedgerEntry[]>;
}

/** The ledger: entered before the object is made, removed after it is gone. Read back in the order of entry. */
export function createLedger(context: RunContext): Ledger {
  const { db, clock } = context;
  const listLedger = async (stampName: string): Promise<readonly LedgerEntry[]> => {
    const rows = await db
      .selectFrom("ledger")
      .selectAll()
      .where("stamp_name", "=", stampName)
      .orderBy("entered_at_ms")
      .orderBy("id")
      .execute();
    return rows.map(fromRow);
  };
  return {
    listLedger,
    async enter(entry) {
      const row = {
        id: entry.id,
        run_id: entry.runId,
        stamp_name: entry.stampName,
        kind: entry.kind,
        object_id: entry.objectId,
        object_key: entry.objectId.toLowerCase(),
        state: "intended",
        entered_at_ms: clock.now(),
      };
      await db.insertInto("ledger").values(row).execute();
    },
    async mark(entryId, state) {
      const result = await db.updateTable("ledger").set({ state }).where("id", "=", entryId).executeTakeFirst();
      if (result.numUpdatedRows === 0n) throw missingEntry(entryId);
    },
    async remove(entryId) {
      await db.deleteFrom("ledger").where("id", "=", entryId).execute();
    },
    async listAbandoned(stampName) {
      const entries = await listLedger(stampName);
      const runs = await db.selectFrom("runs").selectAll().execute();
      const living = new Set(runs.filter((run) => isRunAlive(run, context)).map((run) => run.id));
      return entries.filter((entry) => entry.state !== "kept" && !living.has(entry.runId));
    },
  };
}

function fromRow(row: LedgerRow): LedgerEntry {
  return {
    id: row.id,
    runId: row.run_id,
    stampName: row.stamp_name,
    // Only `enter` and `mark` write these columns, with these types.
    kind: row.kind as LedgerKind,
    objectId: row.object_id,
    state: row.state as LedgerState,
    enteredAtMs: row.entered_at_ms,
  };
}

function missingEntry(entryId: string): HoldfastError {
  return new HoldfastError({
    code: "catalog.ledger.missing",
    message: `the ledger has no entry ${entryId}`,
    advice: "Run `holdfast janitor`: it lists what Holdfast left on the stamp and removes what no run owns.",
    details: { entryId },
  });
}
