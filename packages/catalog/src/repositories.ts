import type { Clock } from "@holdfast/kernel";
import type { Kysely } from "kysely";
import type { CatalogSchema, RepositoryRow } from "./schema.ts";

/** Where one repository is. Its passphrase is never kept here. */
export interface RepositoryRecord {
  readonly name: string;
  /** Identity that the repository carries itself. */
  readonly id: string;
  /** A folder, or the address of a blob container without a SAS. */
  readonly location: string;
  readonly isDefault: boolean;
}

export interface Repositories {
  /** Writes over one of the same name; a new default takes the mark from the old one. */
  saveRepository(repository: RepositoryRecord): Promise<void>;
  /** By name; the default one without a name. Null when there is none. */
  findRepository(name?: string): Promise<RepositoryRecord | null>;
  listRepositories(): Promise<readonly RepositoryRecord[]>;
  /** Forgets a repository; its data stays. */
  removeRepository(name: string): Promise<boolean>;
}

export function createRepositories(db: Kysely<CatalogSchema>, clock: Clock): Repositories {
  return {
    async saveRepository(repository) {
      const row: RepositoryRow = {
        name: repository.name,
        id: repository.id,
        location: repository.location,
        is_default: repository.isDefault ? 1 : 0,
        saved_at_ms: clock.now(),
      };
      await db.transaction().execute(async (tx) => {
        if (repository.isDefault) await tx.updateTable("repositories").set({ is_default: 0 }).execute();
        await tx
          .insertInto("repositories")
          .values(row)
          .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
          .execute();
      });
    },
    async findRepository(name) {
      const query = db.selectFrom("repositories").selectAll();
      const row = await (
        name === undefined ? query.where("is_default", "=", 1) : query.where("name", "=", name)
      ).executeTakeFirst();
      return row === undefined ? null : fromRow(row);
    },
    async listRepositories() {
      return (await db.selectFrom("repositories").selectAll().orderBy("name").execute()).map(fromRow);
    },
    async removeRepository(name) {
      const { numDeletedRows } = await db.deleteFrom("repositories").where("name", "=", name).executeTakeFirst();
      return numDeletedRows > 0n;
    },
  };
}

function fromRow(row: RepositoryRow): RepositoryRecord {
  return { name: row.name, id: row.id, location: row.location, isDefault: row.is_default === 1 };
}
