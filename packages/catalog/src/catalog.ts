import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { Kysely } from "kysely";
import { HoldfastError } from "@holdfast/kernel";
import type { Clock } from "@holdfast/kernel";
import { createAudit } from "./audit.ts";
import type { Audit } from "./audit.ts";
import { createBases } from "./bases.ts";
import type { Bases } from "./bases.ts";
import { createDecisions } from "./decisions.ts";
import type { Decisions } from "./decisions.ts";
import { createDocuments } from "./documents.ts";
import type { Documents } from "./documents.ts";
import type { Host } from "./host.ts";
import { createIncidents } from "./incidents.ts";
import type { Incidents } from "./incidents.ts";
import { createLedger } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import { createMedia } from "./media.ts";
import type { Media } from "./media.ts";
import { migrateCatalog } from "./migrations.ts";
import { createPolicies } from "./policies.ts";
import type { Policies } from "./policies.ts";
import { createRepositories } from "./repositories.ts";
import type { Repositories } from "./repositories.ts";
import { beginRun } from "./runs.ts";
import type { NewRun } from "./runs.ts";
import type { CatalogSchema } from "./schema.ts";
import { openSqliteDialect } from "./sqlite-dialect.ts";
import { createStamps } from "./stamps.ts";
import type { Stamps } from "./stamps.ts";

/** What Holdfast remembers between runs. Every write is on the disk when its promise settles. */
export interface Catalog
  extends
    Documents,
    Ledger,
    Bases,
    Stamps,
    Repositories,
    Media,
    Policies,
    Decisions,
    Incidents,
    Audit,
    AsyncDisposable {
  readonly file: string;
  /** Raises `catalog.run.busy` while a live run holds the subject. */
  beginRun(run: NewRun): Promise<AsyncDisposable>;
  /**
   * Identity of this installation, for tags on what it makes. The first call settles it; later ones answer the same,
   * whatever they offer.
   */
  settleInstallation(offeredId: string): Promise<string>;
}

export interface CatalogOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly host: Host;
  /** Upper bound of the file in pages of 4096 bytes: tests fill a disk with it. */
  readonly maxPageCount?: number;
}

/** Folder of the catalog: `HOLDFAST_HOME`, else `.holdfast` in the user's home. */
export function catalogFolder(environment: Readonly<Record<string, string | undefined>>): string {
  return environment["HOLDFAST_HOME"] || join(homedir(), ".holdfast");
}

/**
 * Opens or makes the catalog: a file only its owner can read, in a folder only its owner can enter.
 *
 * Raises `catalog.file.refused`, `catalog.file.unreadable`, `catalog.file.newer-version`, `catalog.file.busy` and
 * `catalog.disk.full`. Several processes of one machine may have it open at once.
 */
export async function openCatalog(options: CatalogOptions): Promise<Catalog> {
  const { file, clock, host } = options;
  makePrivateFile(file);
  const db = new Kysely<CatalogSchema>({ dialect: openSqliteDialect(options) });
  try {
    await migrateCatalog(db, file);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  const context = { db, clock, host };
  return {
    file,
    ...createDocuments(db, file),
    ...createLedger(context),
    ...createBases(db),
    ...createStamps(db, clock, file),
    ...createRepositories(db, clock),
    ...createMedia(db, clock),
    ...createPolicies(db, clock, file),
    ...createDecisions(db, clock, file),
    ...createIncidents(db, clock, file),
    ...createAudit(db, clock, file),
    beginRun: (run) => beginRun(run, context),
    settleInstallation: (offeredId) => settleInstallation(db, offeredId),
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

async function settleInstallation(db: Kysely<CatalogSchema>, offeredId: string): Promise<string> {
  return await db.transaction().execute(async (tx) => {
    const settled = await tx.selectFrom("installation").select("id").executeTakeFirst();
    if (settled !== undefined) return settled.id;
    await tx.insertInto("installation").values({ id: offeredId }).execute();
    return offeredId;
  });
}

/** SQLite gives its journal files the rights of the main file, so this one call covers all three. */
function makePrivateFile(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, "a", 0o600));
    chmodSync(file, 0o600);
  } catch (error) {
    throw new HoldfastError({
      code: "catalog.file.refused",
      message: `the catalog ${file} cannot be made or opened`,
      advice: "Check the owner and rights of the file and of its folder, or name another folder by HOLDFAST_HOME.",
      details: { file },
      cause: error,
    });
  }
}
