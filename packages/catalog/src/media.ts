import { createHash } from "node:crypto";
import type { Clock } from "@holdfast/kernel";
import type { Kysely } from "kysely";
import type { CatalogSchema, CustodyRow, MediumRow } from "./schema.ts";

/** A removable disk with a repository on it, one of a set that takes turns. */
export interface MediumRecord {
  /** Also the name of its repository. */
  readonly name: string;
  readonly setName: string;
  readonly repositoryId: string;
  readonly addedAtMs: number;
}

export type CustodyEvent = "added" | "attached" | "verified" | "copied" | "handed-over";

/** What happened to a medium. Entries are never changed. */
export interface CustodyEntry {
  readonly mediumName: string;
  /** From 1, without a gap. */
  readonly number: number;
  readonly atMs: number;
  readonly event: CustodyEvent;
  /** Who has it from now on; null where it is here. */
  readonly holder: string | null;
  readonly pointCount: number | null;
  /** When the newest point on it was published. */
  readonly newestPointAtMs: number | null;
  /** What a check found; null where none was made. */
  readonly findingCount: number | null;
  /** SHA-256 over the entry before and this one: a changed or missing entry breaks the chain. */
  readonly digest: string;
}

export type NewCustodyEntry = Omit<CustodyEntry, "number" | "atMs" | "digest">;

export interface Media {
  addMedium(medium: Omit<MediumRecord, "addedAtMs">): Promise<void>;
  findMedium(name: string): Promise<MediumRecord | null>;
  listMedia(): Promise<readonly MediumRecord[]>;
  logCustody(entry: NewCustodyEntry): Promise<CustodyEntry>;
  /** Oldest first. */
  listCustody(mediumName: string): Promise<readonly CustodyEntry[]>;
}

export function createMedia(db: Kysely<CatalogSchema>, clock: Clock): Media {
  return {
    async addMedium({ name, setName, repositoryId }) {
      const row = { name, set_name: setName, repository_id: repositoryId, added_at_ms: clock.now() };
      await db.insertInto("media").values(row).execute();
    },
    async findMedium(name) {
      const row = await db.selectFrom("media").selectAll().where("name", "=", name).executeTakeFirst();
      return row === undefined ? null : fromMediumRow(row);
    },
    async listMedia() {
      return (await db.selectFrom("media").selectAll().orderBy("set_name").orderBy("name").execute()).map(
        fromMediumRow,
      );
    },
    logCustody: (entry) =>
      db.transaction().execute(async (tx) => {
        const last = await tx
          .selectFrom("custody")
          .selectAll()
          .where("medium_name", "=", entry.mediumName)
          .orderBy("number", "desc")
          .limit(1)
          .executeTakeFirst();
        const next = { ...entry, number: (last?.number ?? 0) + 1, atMs: clock.now() };
        const whole: CustodyEntry = { ...next, digest: custodyDigest(last?.digest ?? "", next) };
        await tx.insertInto("custody").values(toCustodyRow(whole)).execute();
        return whole;
      }),
    async listCustody(mediumName) {
      const rows = db.selectFrom("custody").selectAll().where("medium_name", "=", mediumName);
      return (await rows.orderBy("number").execute()).map(fromCustodyRow);
    },
  };
}

/** The first number whose entry is not what was written, or is missing; null where the log is whole. */
export function findBrokenEntry(entries: readonly CustodyEntry[]): number | null {
  let before = "";
  for (const [i, { digest, ...entry }] of entries.entries()) {
    if (entry.number !== i + 1 || digest !== custodyDigest(before, entry)) return i + 1;
    before = digest;
  }
  return null;
}

function custodyDigest(before: string, entry: Omit<CustodyEntry, "digest">): string {
  const { mediumName, number, atMs, event, holder, pointCount, newestPointAtMs, findingCount } = entry;
  const fields = [before, mediumName, number, atMs, event, holder, pointCount, newestPointAtMs, findingCount];
  return createHash("sha256").update(JSON.stringify(fields)).digest("hex");
}

function fromMediumRow(row: MediumRow): MediumRecord {
  return { name: row.name, setName: row.set_name, repositoryId: row.repository_id, addedAtMs: row.added_at_ms };
}

function toCustodyRow(entry: CustodyEntry): CustodyRow {
  return {
    medium_name: entry.mediumName,
    number: entry.number,
    at_ms: entry.atMs,
    event: entry.event,
    holder: entry.holder,
    point_count: entry.pointCount,
    newest_point_at_ms: entry.newestPointAtMs,
    finding_count: entry.findingCount,
    digest: entry.digest,
  };
}

function fromCustodyRow(row: CustodyRow): CustodyEntry {
  return {
    mediumName: row.medium_name,
    number: row.number,
    atMs: row.at_ms,
    event: row.event as CustodyEvent,
    holder: row.holder,
    pointCount: row.point_count,
    newestPointAtMs: row.newest_point_at_ms,
    findingCount: row.finding_count,
    digest: row.digest,
  };
}
