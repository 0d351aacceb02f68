import type { BlobCall, BlobReply } from "./blob-call.ts";
import { type BlobDeps, newEtag } from "./blob-deps.ts";
import { BlobError, invalidHeader } from "./blob-error.ts";
import { findBlob, requireContainer } from "./blob-find.ts";
import { readMetadata, versionHeaders } from "./blob-headers.ts";
import type { BlobRecord, CopyRecord } from "./blob-record.ts";
import { removeContent } from "./blob-removal.ts";
import { requireConditions } from "./conditions.ts";
import { requireLease } from "./leases.ts";

/** Content to copy from: pages frozen for the copy, or blocks. */
type CopySource =
  | {
      readonly kind: "PageBlob";
      readonly volumeId: string;
      readonly snapshotId: string | undefined;
      readonly contentLength: number;
    }
  | { readonly kind: "BlockBlob"; readonly blob: Extract<BlobRecord, { kind: "BlockBlob" }> };

/** The blob that `x-ms-copy-source` names, as far as it lies on this stamp. Reading rights are the caller's to bring. */
export type FindCopySource = (address: URL) => CopySource | undefined;

async function copyPages(deps: BlobDeps, source: Extract<CopySource, { kind: "PageBlob" }>): Promise<string> {
  const volumeId = `blob-${deps.uuid()}`;
  const from = deps.pages.open(source.volumeId);
  if (from === undefined) throw new Error(`the pages of volume ${source.volumeId} are missing`);
  const snapshotId = source.snapshotId ?? (await from.snapshot());
  await deps.pages.clone(volumeId, { volumeId: source.volumeId, snapshotId });
  if (source.snapshotId === undefined) await from.deleteSnapshot(snapshotId);
  return volumeId;
}

/** Copy Blob on one stamp: done when answered, though told as the asynchronous operation that it is. */
export async function copyBlob(deps: BlobDeps, call: BlobCall, find: FindCopySource): Promise<BlobReply> {
  requireContainer(deps, call);
  const address = call.header("x-ms-copy-source") ?? "";
  if (!URL.canParse(address)) throw invalidHeader("x-ms-copy-source", address);
  const source = find(new URL(address));
  if (source === undefined) {
    throw new BlobError(404, "CannotVerifyCopySource", "The specified blob does not exist.");
  }
  const before = findBlob(deps, call);
  requireConditions(call, before);
  if (before !== undefined) {
    requireLease(call, before.lease, deps.now());
    await removeContent(deps, before);
  }
  const nowMs = deps.now();
  const url = new URL(address);
  const copy = (totalBytes: number): CopyRecord => ({
    id: deps.uuid(),
    source: `${url.origin}${url.pathname}`,
    status: "success",
    totalBytes,
    completedAtMs: nowMs,
  });
  const common = {
    account: call.account,
    container: call.container,
    name: call.blob,
    etag: newEtag(deps),
    createdAtMs: nowMs,
    modifiedAtMs: nowMs,
    metadata: readMetadata(call),
  };
  const contentHeaders = { "content-type": "application/octet-stream" };
  const made: BlobRecord =
    source.kind === "PageBlob"
      ? {
          ...common,
          contentHeaders,
          kind: "PageBlob",
          contentLength: source.contentLength,
          volumeId: await copyPages(deps, source),
          sequenceNumber: 0,
          copy: copy(source.contentLength),
        }
      : {
          ...source.blob,
          ...common,
          contentHeaders: source.blob.contentHeaders,
          copy: copy(source.blob.contentLength),
        };
  deps.catalog.put(made);
  return {
    status: 202,
    headers: { ...versionHeaders(made), "x-ms-copy-id": made.copy?.id ?? "", "x-ms-copy-status": "success" },
  };
}
