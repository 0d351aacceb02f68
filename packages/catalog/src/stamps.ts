import type { Clock } from "@holdfast/kernel";
import { HoldfastError } from "@holdfast/kernel";
import type { Kysely } from "kysely";
import { z } from "zod";
import { unreadableCatalog } from "./catalog-error.ts";
import { parseDocument } from "./documents.ts";
import type { CatalogSchema } from "./schema.ts";

const stampRecord = z.object({
  name: z.string(),
  armEndpoint: z.string(),
  tenant: z.string(),
  clientId: z.string(),
  /** Path of the file with the secret, or with the certificate and its key. The secret itself is never kept here. */
  credential: z.object({ kind: z.enum(["secret-file", "certificate-file"]), path: z.string() }),
  caFile: z.string().nullable(),
  subscriptionId: z.string().nullable(),
  /** Addresses used instead of DNS: host, or `*.domain`, to IP address. */
  resolve: z.record(z.string(), z.string()),
});

/** How to reach one stamp. */
export type StampRecord = Readonly<z.infer<typeof stampRecord>>;

export interface Stamps {
  /** Writes over a stamp of the same name. */
  saveStamp(stamp: StampRecord): Promise<void>;
  /** Null when there is none of this name. */
  findStamp(name: string): Promise<StampRecord | null>;
  listStamps(): Promise<readonly StampRecord[]>;
  /**
   * Forgets a stamp with its inventory, probe, bases and ledger. Raises `catalog.stamp.in-use` where the ledger names
   * objects that are still on the stamp, unless they are to be left there. False when there was none of this name.
   */
  removeStamp(name: string, options?: { readonly leaveObjects?: boolean }): Promise<boolean>;
}

export function createStamps(db: Kysely<CatalogSchema>, clock: Clock, file: string): Stamps {
  const parse = (row: { readonly name: string; readonly document: string }): StampRecord => {
    const parsed = stampRecord.safeParse(parseDocument(row.document, file, `stamp ${row.name}`));
    if (!parsed.success) throw unreadableCatalog(file, `stamp ${row.name} lacks what it needs`, parsed.error);
    return parsed.data;
  };
  return {
    async saveStamp(stamp) {
      const row = { name: stamp.name, document: JSON.stringify(stamp), saved_at_ms: clock.now() };
      await db
        .insertInto("stamps")
        .values(row)
        .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
        .execute();
    },
    async findStamp(name) {
      const row = await db.selectFrom("stamps").selectAll().where("name", "=", name).executeTakeFirst();
      return row === undefined ? null : parse(row);
    },
    async listStamps() {
      return (await db.selectFrom("stamps").selectAll().orderBy("name").execute()).map(parse);
    },
    removeStamp: (name, options = {}) => removeStamp(db, name, options.leaveObjects ?? false),
  };
}

async function removeStamp(db: Kysely<CatalogSchema>, name: string, leaveObjects: boolean): Promise<boolean> {
  return await db.transaction().execute(async (tx) => {
    const owned = await tx.selectFrom("ledger").select("id").where("stamp_name", "=", name).execute();
    if (owned.length > 0 && !leaveObjects) {
      throw new HoldfastError({
        code: "catalog.stamp.in-use",
        message: `the ledger still names ${owned.length} objects of Holdfast on the stamp ${name}`,
        advice:
          "Run `holdfast janitor` first; to forget the stamp and leave its base snapshots there, add --leave-objects.",
        details: { stampName: name, objects: owned.length },
      });
    }
    for (const table of ["ledger", "bases", "inventories", "probes"] as const) {
      await tx.deleteFrom(table).where("stamp_name", "=", name).execute();
    }
    const { numDeletedRows } = await tx.deleteFrom("stamps").where("name", "=", name).executeTakeFirst();
    return numDeletedRows > 0n;
  });
}
