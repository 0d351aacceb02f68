import type { Inventory, StampProbe } from "@holdfast/domain";
import type { Kysely } from "kysely";
import { unreadableCatalog } from "./catalog-error.ts";
import type { CatalogSchema } from "./schema.ts";

export interface Documents {
  saveInventory(inventory: Inventory): Promise<void>;
  loadInventory(stampName: string): Promise<Inventory | null>;
  saveProbe(probe: StampProbe): Promise<void>;
  loadProbe(stampName: string): Promise<StampProbe | null>;
}

/** The last inventory and probe of each stamp, whole. Rebuildable by asking the stamp again. */
export function createDocuments(db: Kysely<CatalogSchema>, file: string): Documents {
  type Table = "inventories" | "probes";
  const save = async (table: Table, stampName: string, takenAtMs: number, value: unknown): Promise<void> => {
    const row = { stamp_name: stampName, document: JSON.stringify(value), taken_at_ms: takenAtMs };
    await db
      .insertInto(table)
      .values(row)
      .onConflict((conflict) => conflict.column("stamp_name").doUpdateSet(row))
      .execute();
  };
  const load = async (table: Table, stampName: string): Promise<unknown> => {
    const row = await db.selectFrom(table).select("document").where("stamp_name", "=", stampName).executeTakeFirst();
    return row === undefined ? null : parseDocument(row.document, file, `${table} of ${stampName}`);
  };
  return {
    saveInventory: (inventory) => save("inventories", inventory.stampName, inventory.takenAtMs, inventory),
    loadInventory: async (stampName) => (await load("inventories", stampName)) as Inventory | null,
    saveProbe: (probe) => save("probes", probe.stampName, probe.probedAtMs, probe),
    loadProbe: async (stampName) => (await load("probes", stampName)) as StampProbe | null,
  };
}

export function parseDocument(text: string, file: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadableCatalog(file, `${what} is not JSON`, error);
  }
}
