import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createDocumentStore } from "../core/document-store.ts";
import { openStampDatabase } from "../core/stamp-database.ts";
import type { FaultBoard } from "../faults/fault-board.ts";
import type { DiskAccess, PageBlobLookup } from "../pages/disk-access.ts";
import type { PageStore } from "../pages/page-store.ts";
import type { BlobPlane } from "../server/blob-plane.ts";
import { createBlobCatalog } from "./blob-catalog.ts";
import type { BlobDeps } from "./blob-deps.ts";
import { createBlobPlane } from "./blob-plane.ts";
import { createDiskGrants } from "./disk-grants.ts";
import { createCopySourceFinder, createPageBlobLookup } from "./page-blob-lookup.ts";

export interface BlobServiceOptions {
  readonly folder: string;
  readonly isEphemeral: boolean;
  readonly pages: PageStore;
  readonly faults: FaultBoard;
  readonly domain: string;
  keysOf(account: string): readonly [string, string] | undefined;
  port(): number;
  now(): number;
}

export interface BlobService extends AsyncDisposable {
  readonly plane: BlobPlane;
  readonly access: DiskAccess;
  readonly blobs: PageBlobLookup;
}

/** Opens the blob service of one stamp over its folder. */
export async function openBlobService(options: BlobServiceOptions): Promise<BlobService> {
  const blockFolder = join(options.folder, "blocks");
  await mkdir(blockFolder, { recursive: true, mode: 0o700 });
  const database = openStampDatabase(options.isEphemeral ? ":memory:" : join(options.folder, "blob.sqlite"));
  const uuid = (): string => randomUUID();
  const { now, port, domain } = options;
  const deps: BlobDeps = {
    catalog: createBlobCatalog({
      containers: createDocumentStore(database, "container"),
      blobs: createDocumentStore(database, "blob"),
      blocks: createDocumentStore(database, "block"),
    }),
    grants: createDiskGrants({ kept: createDocumentStore(database, "grant"), domain, port, now, uuid }),
    pages: options.pages,
    faults: options.faults,
    blockFolder,
    isDurable: !options.isEphemeral,
    keysOf: options.keysOf,
    now,
    uuid,
  };
  return {
    plane: createBlobPlane(deps, createCopySourceFinder(deps)),
    access: deps.grants,
    blobs: createPageBlobLookup(deps),
    [Symbol.asyncDispose]: async () => database[Symbol.dispose](),
  };
}
