import { createHash } from "node:crypto";
import type { ByteRange } from "@holdfast/kernel";
import type { BlobCall, BlobReply } from "./blob-call.ts";
import { readBlobBody } from "./blob-call.ts";
import { pageView } from "./blob-content.ts";
import { type BlobDeps, newEtag } from "./blob-deps.ts";
import { BlobError, blobNotFound, invalidHeader, invalidQuery } from "./blob-error.ts";
import { requirePageBlob } from "./blob-find.ts";
import { readContentHeaders, readMetadata, versionHeaders } from "./blob-headers.ts";
import type { BlobRecord, PageBlobRecord } from "./blob-record.ts";
import { pageWriteRange, windowWithin } from "./byte-window.ts";
import { requireConditions, requireSequence } from "./conditions.ts";
import { requireLease } from "./leases.ts";
import { replaceBlob, requireReplaceable } from "./blob-replacement.ts";

const maxPageBlobBytes = 1024 ** 4;
const maxPageWriteBytes = 4 * 1024 * 1024;

function parseLength(text: string | undefined): number {
  const length = Number(text ?? Number.NaN);
  if (!Number.isSafeInteger(length) || length < 0 || length % 512 !== 0) {
    throw invalidHeader("x-ms-blob-content-length", text ?? "");
  }
  if (length > maxPageBlobBytes) throw invalidHeader("x-ms-blob-content-length", String(length));
  return length;
}

/** Put Blob, type page: an empty blob of a size; an older one of that name goes. */
export async function createPageBlob(deps: BlobDeps, call: BlobCall): Promise<BlobReply> {
  const contentLength = parseLength(call.header("x-ms-blob-content-length"));
  requireReplaceable(deps, call);
  const volumeId = `blob-${deps.uuid()}`;
  await deps.pages.create(volumeId, contentLength);
  const make = (before: BlobRecord | undefined): PageBlobRecord => ({
    kind: "PageBlob",
    account: call.account,
    container: call.container,
    name: call.blob,
    contentLength,
    etag: newEtag(deps),
    createdAtMs: deps.now(),
    modifiedAtMs: deps.now(),
    metadata: readMetadata(call),
    contentHeaders: readContentHeaders(call),
    volumeId,
    sequenceNumber: Number(call.header("x-ms-blob-sequence-number") ?? 0),
    ...(before?.lease === undefined ? {} : { lease: before.lease }),
  });
  const blob = await replaceBlob(deps, call, { make, discard: () => deps.pages.delete(volumeId) });
  return { status: 201, headers: { ...versionHeaders(blob), "x-ms-request-server-encrypted": "true" } };
}

function requireMd5(call: BlobCall, body: Buffer): void {
  const wanted = call.header("content-md5");
  if (wanted === undefined) return;
  if (createHash("md5").update(body).digest("base64") === wanted) return;
  throw new BlobError(
    400,
    "Md5Mismatch",
    "The MD5 value specified in the request did not match with the MD5 value calculated by the server.",
  );
}

/** Put Page, update or clear. Durable when answered. */
export async function putPage(deps: BlobDeps, call: BlobCall): Promise<BlobReply> {
  const blob = requirePageBlob(deps, call);
  if (blob.snapshot !== undefined || blob.pageSnapshotId !== undefined)
    throw invalidQuery("snapshot", blob.snapshot ?? "");
  requireConditions(call, blob);
  requireLease(call, blob.isVmDisk === true ? undefined : blob.lease, deps.now());
  requireSequence(call, blob);
  const range = pageWriteRange(call, blob.contentLength);
  const path = `${call.account}/${call.container}/${call.blob}`;
  if (deps.faults.take("fill-volume", path) !== undefined) {
    throw new BlobError(500, "InternalError", "The server encountered an internal error: the volume is full.");
  }
  const volume = deps.pages.open(blob.volumeId);
  if (volume === undefined) throw new Error(`the pages of ${path} are missing`);
  const write = call.header("x-ms-page-write")?.toLowerCase();
  if (write === "clear") await volume.clear(range);
  else if (write === "update") {
    const length = range.end - range.start;
    if (length > maxPageWriteBytes) {
      throw new BlobError(
        413,
        "RequestBodyTooLarge",
        "The request body is too large and exceeds the maximum permissible limit.",
      );
    }
    const body = await readBlobBody(call, maxPageWriteBytes);
    if (body.length !== length) throw invalidHeader("Content-Length", String(body.length));
    requireMd5(call, body);
    await volume.write(range.start, body);
  } else throw invalidHeader("x-ms-page-write", write ?? "");
  await volume.flush();
  if (deps.grants.isDiskAccount(call.account)) {
    return { status: 201, headers: { ...versionHeaders(blob), "x-ms-blob-sequence-number": "0" } };
  }
  // What came meanwhile stays: metadata, a lease, a new size, or the blob's end.
  const present = requirePageBlob(deps, call);
  if (present.volumeId !== blob.volumeId) throw blobNotFound();
  const after = { ...present, etag: newEtag(deps), modifiedAtMs: deps.now() };
  deps.catalog.put(after);
  return {
    status: 201,
    headers: {
      ...versionHeaders(after),
      "x-ms-blob-sequence-number": String(after.sequenceNumber),
      "x-ms-request-server-encrypted": "true",
    },
  };
}

function rangeXml(name: string, ranges: readonly ByteRange[]): string {
  return ranges.map(({ start, end }) => `<${name}><Start>${start}</Start><End>${end - 1}</End></${name}>`).join("");
}

interface Changes {
  readonly written: readonly ByteRange[];
  readonly cleared: readonly ByteRange[];
}

const cannotDiff = (): BlobError =>
  new BlobError(
    409,
    "PreviousSnapshotOperationNotSupported",
    "Differential Get Page Ranges is not supported on the previous snapshot.",
  );

/** Changes since the managed snapshot whose address the caller shows. */
function changesSinceAddress(deps: BlobDeps, call: BlobCall, address: string, window: ByteRange | undefined): Changes {
  const version = call.header("x-ms-version") ?? "";
  if (version < "2019-07-07") {
    throw new BlobError(
      409,
      "FeatureVersionMismatch",
      "The operation for the x-ms-previous-snapshot-url header is not permitted in this version.",
    );
  }
  if (!deps.grants.isDiskAccount(call.account)) throw cannotDiff();
  const newer = deps.grants.require(call);
  const older = deps.grants.requireAddress(address);
  const isFamily = newer.family !== undefined && newer.family === older.family && newer.volumeId === older.volumeId;
  if (!isFamily || older.snapshotId === undefined) throw cannotDiff();
  return listChanges(deps, { volumeId: newer.volumeId, since: older.snapshotId, until: newer.snapshotId }, window);
}

function listChanges(
  deps: BlobDeps,
  span: { readonly volumeId: string; readonly since: string; readonly until: string | undefined },
  window: ByteRange | undefined,
): Changes {
  const { volumeId, since, until } = span;
  if (until !== undefined && since > until) {
    throw new BlobError(
      409,
      "PreviousSnapshotCannotBeNewer",
      "The prevsnapshot query parameter value cannot be newer than snapshot query parameter value.",
    );
  }
  const changes = deps.pages.open(volumeId)?.listChanges(since, until, window);
  if (changes === undefined) {
    throw new BlobError(409, "PreviousSnapshotNotFound", "The previous snapshot is not found.");
  }
  return changes;
}

/** Changes since a snapshot of the same page blob. */
function changesSinceSnapshot(
  deps: BlobDeps,
  blob: PageBlobRecord,
  previous: string,
  window: ByteRange | undefined,
): Changes {
  const older = deps.catalog.find({ ...blob, snapshot: previous });
  if (older?.kind !== "PageBlob" || older.pageSnapshotId === undefined) {
    throw new BlobError(409, "PreviousSnapshotNotFound", "The previous snapshot is not found.");
  }
  if (older.volumeId !== blob.volumeId) {
    throw new BlobError(409, "BlobOverwritten", "The blob has been recreated since the previous snapshot was taken.");
  }
  return listChanges(
    deps,
    { volumeId: blob.volumeId, since: older.pageSnapshotId, until: blob.pageSnapshotId },
    window,
  );
}

/** Get Page Ranges, whole or as what changed, in one answer: this version of the service does not page it. */
export async function getPageRanges(deps: BlobDeps, call: BlobCall): Promise<BlobReply> {
  const blob = requirePageBlob(deps, call);
  requireConditions(call, blob);
  const window = blob.contentLength === 0 ? undefined : windowWithin(call, blob.contentLength);
  const previous = call.query.get("prevsnapshot");
  const address = call.header("x-ms-previous-snapshot-url");
  let changes: Changes;
  if (address !== undefined) changes = changesSinceAddress(deps, call, address, window);
  else if (previous !== null) changes = changesSinceSnapshot(deps, blob, previous, window);
  else changes = { written: pageView(deps, blob.volumeId, blob.pageSnapshotId).listWritten(window), cleared: [] };
  const body = `<?xml version="1.0" encoding="utf-8"?><PageList>${rangeXml("PageRange", changes.written)}${rangeXml("ClearRange", changes.cleared)}</PageList>`;
  return {
    status: 200,
    headers: {
      ...versionHeaders(blob),
      "content-type": "application/xml",
      "x-ms-blob-content-length": String(blob.contentLength),
    },
    body,
  };
}

/** Set Blob Properties on a page blob: resize, sequence number, content headers. */
export async function setPageProperties(deps: BlobDeps, call: BlobCall, blob: PageBlobRecord): Promise<PageBlobRecord> {
  const wanted = call.header("x-ms-blob-content-length");
  const action = call.header("x-ms-sequence-number-action")?.toLowerCase();
  let { contentLength, sequenceNumber } = blob;
  if (wanted !== undefined) {
    contentLength = parseLength(wanted);
    await deps.pages.open(blob.volumeId)?.resize(contentLength);
  }
  const given = Number(call.header("x-ms-blob-sequence-number") ?? 0);
  if (action === "increment") sequenceNumber += 1;
  else if (action === "update") sequenceNumber = given;
  else if (action === "max") sequenceNumber = Math.max(sequenceNumber, given);
  else if (action !== undefined) throw invalidHeader("x-ms-sequence-number-action", action);
  return { ...blob, contentLength, sequenceNumber };
}
