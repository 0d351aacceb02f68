import type { FaultBoard } from "../faults/fault-board.ts";
import type { PageStore } from "../pages/page-store.ts";
import type { BlobCatalog } from "./blob-catalog.ts";
import type { DiskGrants } from "./disk-grants.ts";

/** What the blob operations stand on. */
export interface BlobDeps {
  readonly catalog: BlobCatalog;
  readonly pages: PageStore;
  readonly grants: DiskGrants;
  readonly faults: FaultBoard;
  /** Folder of the contents of block blobs. */
  readonly blockFolder: string;
  readonly isDurable: boolean;
  /** The two keys of a tenant storage account; undefined where there is no such account. */
  keysOf(account: string): readonly [string, string] | undefined;
  now(): number;
  uuid(): string;
}

/** The next ETag: a number that grows with time, as the service's do. */
export function newEtag(deps: BlobDeps): string {
  return `"0x${deps.uuid().replaceAll("-", "").slice(0, 15).toUpperCase()}"`;
}

/** An instant as the storage service writes snapshots: 7 digits of a second. `ticks` keeps two of one millisecond apart. */
export function formatSnapshotTime(nowMs: number, ticks: number): string {
  return new Date(nowMs).toISOString().replace("Z", `${String(ticks).padStart(4, "0")}Z`);
}
