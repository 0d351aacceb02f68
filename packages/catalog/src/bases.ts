import type { Kysely } from "kysely";
import type { BaseRow, CatalogSchema } from "./schema.ts";

/** The platform snapshot and the point that the next capture of a disk builds on. */
export interface CaptureBase {
  readonly stampName: string;
  readonly repositoryId: string;
  readonly diskId: string;
  readonly sourceIdentity: string;
  readonly sizeBytes: number;
  readonly snapshotRef: string;
  readonly pointId: string;
}

export interface Bases {
  findBase(stampName: string, repositoryId: string, diskId: string): Promise<CaptureBase | null>;
  replaceBase(base: CaptureBase, run: { readonly runId: string }): Promise<CaptureBase | null>;
  removeBase(stampName: string, repositoryId: string, diskId: string): Promise<void>;
}

export function createBases(db: Kysely<CatalogSchema>): Bases {
  return {
    findBase: (stampName, repositoryId, diskId) => readBase(db, stampName, repositoryId, diskId),
    async replaceBase(base, run) {
      return await db.transaction().execute(async (tx) => {
        const old = await readBase(tx, base.stampName, base.repositoryId, base.diskId);
        const row = toRow(base);
        await tx
          .insertInto("bases")
          .values(row)
          .onConflict((conflict) => conflict.columns(["stamp_name", "repository_id", "disk_id"]).doUpdateSet(row))
          .execute();
        await markObject(tx, base, { state: "kept" });
        // Called again after a lost answer: the base is its own predecessor and must not be handed out for deletion.
        if (old === null || old.snapshotRef.toLowerCase() === base.snapshotRef.toLowerCase()) return null;
        await markObject(tx, old, { state: "made", run_id: run.runId });
        return old;
      });
    },
    async removeBase(stampName, repositoryId, diskId) {
      await db
        .deleteFrom("bases")
        .where("stamp_name", "=", stampName)
        .where("repository_id", "=", repositoryId)
        .where("disk_id", "=", diskId.toLowerCase())
        .execute();
    },
  };
}

async function markObject(
  db: Kysely<CatalogSchema>,
  base: CaptureBase,
  change: { readonly state: string; readonly run_id?: string },
): Promise<void> {
  await db
    .updateTable("ledger")
    .set(change)
    .where("stamp_name", "=", base.stampName)
    .where("object_key", "=", base.snapshotRef.toLowerCase())
    .where("kind", "in", ["snapshot", "blob-snapshot"])
    .execute();
}

async function readBase(
  db: Kysely<CatalogSchema>,
  stampName: string,
  repositoryId: string,
  diskId: string,
): Promise<CaptureBase | null> {
  const row = await db
    .selectFrom("bases")
    .selectAll()
    .where("stamp_name", "=", stampName)
    .where("repository_id", "=", repositoryId)
    .where("disk_id", "=", diskId.toLowerCase())
    .executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

function toRow(base: CaptureBase): BaseRow {
  return {
    stamp_name: base.stampName,
    repository_id: base.repositoryId,
    disk_id: base.diskId.toLowerCase(),
    source_identity: base.sourceIdentity,
    size_bytes: base.sizeBytes,
    snapshot_ref: base.snapshotRef,
    point_id: base.pointId,
  };
}

function fromRow(row: BaseRow): CaptureBase {
  return {
    stampName: row.stamp_name,
    repositoryId: row.repository_id,
    diskId: row.disk_id,
    sourceIdentity: row.source_identity,
    sizeBytes: row.size_bytes,
    snapshotRef: row.snapshot_ref,
    pointId: row.point_id,
  };
}
