import { byteRange } from "@holdfast/kernel";
import type { BlobCall, BlobReply } from "./blob-call.ts";
import { openContent, sendContent } from "./blob-content.ts";
import { type BlobDeps, formatSnapshotTime, newEtag } from "./blob-deps.ts";
import { BlobError, invalidQuery } from "./blob-error.ts";
import { requireBlob } from "./blob-find.ts";
import { propertyHeaders, readContentHeaders, readMetadata, versionHeaders } from "./blob-headers.ts";
import type { BlobRecord } from "./blob-record.ts";
import { deleteBlob } from "./blob-removal.ts";
import { windowWithin } from "./byte-window.ts";
import { requireConditions } from "./conditions.ts";
import { applyLeaseCall, requireLease } from "./leases.ts";
import { setPageProperties } from "./page-operations.ts";

const maxSnapshots = 1000;

/** Get Blob, whole or a range of it. */
export function getBlob(deps: BlobDeps, call: BlobCall): BlobReply {
  const blob = requireBlob(deps, call);
  requireConditions(call, blob);
  const window = blob.contentLength === 0 ? undefined : windowWithin(call, blob.contentLength);
  const range = window ?? byteRange(0, blob.contentLength);
  const path = `${call.account}/${call.container}/${call.blob}`;
  const content = openContent(deps, blob);
  return {
    status: window === undefined ? 200 : 206,
    headers: {
      ...propertyHeaders(blob, deps.now()),
      ...(window === undefined
        ? {}
        : { "content-range": `bytes ${range.start}-${range.end - 1}/${blob.contentLength}` }),
    },
    contentLength: range.end - range.start,
    send: (response) => sendContent(deps, content, range, { response, path }),
  };
}

function headBlob(deps: BlobDeps, call: BlobCall): BlobReply {
  const blob = requireBlob(deps, call);
  requireConditions(call, blob);
  return { status: 200, headers: propertyHeaders(blob, deps.now()), contentLength: blob.contentLength };
}

/** The blob itself, for a call that changes it: conditions and lease hold. */
function requireWritable(deps: BlobDeps, call: BlobCall): BlobRecord {
  if (call.query.has("snapshot")) throw invalidQuery("snapshot", call.query.get("snapshot") ?? "");
  const blob = requireBlob(deps, call);
  requireConditions(call, blob);
  requireLease(call, blob.lease, deps.now());
  return blob;
}

function keep<T extends BlobRecord>(deps: BlobDeps, blob: T): T {
  const after = { ...blob, etag: newEtag(deps), modifiedAtMs: deps.now() };
  deps.catalog.put(after);
  return after;
}

/** Snapshot Blob: the content as it is now, under a time of its own. */
async function snapshotBlob(deps: BlobDeps, call: BlobCall): Promise<BlobReply> {
  const blob = requireBlob(deps, call);
  requireConditions(call, blob);
  const snapshots = deps.catalog.snapshotsOf(blob);
  if (snapshots.length >= maxSnapshots) {
    throw new BlobError(409, "SnapshotCountExceeded", "The snapshot count against this blob has been exceeded.");
  }
  const given = readMetadata(call);
  const metadata = Object.keys(given).length > 0 ? given : blob.metadata;
  const { lease: _lease, ...rest } = blob;
  let frozen: BlobRecord;
  if (rest.kind === "PageBlob") {
    const pageSnapshotId = await deps.pages.open(rest.volumeId)?.snapshot();
    if (pageSnapshotId === undefined) throw new Error(`the pages of ${call.blob} are missing`);
    const { isVmDisk: _isVmDisk, ...page } = rest;
    frozen = { ...page, metadata, pageSnapshotId };
  } else frozen = { ...rest, metadata };
  const taken = new Set(deps.catalog.snapshotsOf(blob).map((one) => one.snapshot));
  let ticks = 0;
  while (taken.has(formatSnapshotTime(deps.now(), ticks))) ticks += 1;
  const snapshot = formatSnapshotTime(deps.now(), ticks);
  deps.catalog.put({ ...frozen, snapshot });
  return {
    status: 201,
    headers: { ...versionHeaders(blob), "x-ms-snapshot": snapshot, "x-ms-request-server-encrypted": "false" },
  };
}

function leaseBlob(deps: BlobDeps, call: BlobCall): BlobReply {
  const blob = requireBlob(deps, call);
  requireConditions(call, blob);
  const { lease, reply } = applyLeaseCall(call, blob.lease, { nowMs: deps.now(), uuid: deps.uuid });
  const { lease: _before, ...rest } = blob;
  const after = { ...rest, ...(lease === undefined ? {} : { lease }) };
  deps.catalog.put(after);
  return { ...reply, headers: { ...versionHeaders(after), ...reply.headers } };
}

async function setProperties(deps: BlobDeps, call: BlobCall): Promise<BlobReply> {
  const blob = requireWritable(deps, call);
  const hasContentHeaders = Object.keys(call.request.headers).some((name) =>
    /^x-ms-blob-(content-(?!length)|cache)/.test(name),
  );
  const changed = blob.kind === "PageBlob" ? await setPageProperties(deps, call, blob) : blob;
  const after = keep(deps, hasContentHeaders ? { ...changed, contentHeaders: readContentHeaders(call) } : changed);
  return {
    status: 200,
    headers: {
      ...versionHeaders(after),
      ...(after.kind === "PageBlob" ? { "x-ms-blob-sequence-number": String(after.sequenceNumber) } : {}),
    },
  };
}

/** Calls on a blob that are the same for both kinds. Undefined where the call is none of them. */
export async function answerBlob(deps: BlobDeps, call: BlobCall): Promise<BlobReply | undefined> {
  switch (`${call.method} ${call.query.get("comp") ?? ""}`) {
    case "GET ":
      return getBlob(deps, call);
    case "HEAD ":
    case "GET metadata":
    case "HEAD metadata":
      return headBlob(deps, call);
    case "DELETE ": {
      const blob = requireBlob(deps, call);
      requireConditions(call, blob);
      if (blob.snapshot === undefined) requireLease(call, blob.lease, deps.now());
      await deleteBlob(deps, blob, call.header("x-ms-delete-snapshots"));
      return { status: 202, headers: { "x-ms-delete-type-permanent": "true" } };
    }
    case "PUT snapshot":
      return snapshotBlob(deps, call);
    case "PUT lease":
      return leaseBlob(deps, call);
    case "PUT properties":
      return setProperties(deps, call);
    case "PUT metadata": {
      const after = keep(deps, { ...requireWritable(deps, call), metadata: readMetadata(call) });
      return { status: 200, headers: { ...versionHeaders(after), "x-ms-request-server-encrypted": "true" } };
    }
    default:
      return undefined;
  }
}
