import type { BlobCall } from "./blob-call.ts";
import { BlobError, blobNotFound, containerNotFound } from "./blob-error.ts";
import type { BlobDeps } from "./blob-deps.ts";
import type { BlobRecord, ContainerRecord, PageBlobRecord } from "./blob-record.ts";

export function requireContainer(deps: BlobDeps, call: BlobCall): ContainerRecord {
  const found = deps.catalog.findContainer(call.account, call.container);
  if (found === undefined) throw containerNotFound();
  return found;
}

/** The blob itself, never a snapshot: the object of a write. */
export function findBlob(deps: BlobDeps, call: BlobCall): BlobRecord | undefined {
  return deps.catalog.find({ account: call.account, container: call.container, name: call.blob });
}

/** A page blob made up from a disk grant: the compute provider's volume, shown at the platform's address. */
function grantedBlob(deps: BlobDeps, call: BlobCall): PageBlobRecord {
  const grant = deps.grants.require(call);
  const volume = deps.pages.open(grant.volumeId);
  const view = grant.snapshotId === undefined ? volume : volume?.openSnapshot(grant.snapshotId);
  if (view === undefined) throw blobNotFound();
  return {
    kind: "PageBlob",
    account: call.account,
    container: call.container,
    name: call.blob,
    contentLength: view.sizeBytes,
    etag: `"0x${Buffer.from(grant.path).toString("hex").slice(0, 15).toUpperCase()}"`,
    createdAtMs: 0,
    modifiedAtMs: 0,
    metadata: {},
    contentHeaders: { "content-type": "application/octet-stream" },
    volumeId: grant.volumeId,
    sequenceNumber: 0,
    ...(grant.snapshotId === undefined ? {} : { pageSnapshotId: grant.snapshotId }),
  };
}

/** The blob, snapshot, or granted disk that a call reads. */
export function requireBlob(deps: BlobDeps, call: BlobCall): BlobRecord {
  if (deps.grants.isDiskAccount(call.account)) return grantedBlob(deps, call);
  requireContainer(deps, call);
  const snapshot = call.query.get("snapshot");
  const found = deps.catalog.find({
    account: call.account,
    container: call.container,
    name: call.blob,
    ...(snapshot === null ? {} : { snapshot }),
  });
  if (found === undefined) throw blobNotFound();
  return found;
}

export function requirePageBlob(deps: BlobDeps, call: BlobCall): PageBlobRecord {
  const blob = requireBlob(deps, call);
  if (blob.kind !== "PageBlob") {
    throw new BlobError(409, "InvalidBlobType", "The blob type is invalid for this operation.");
  }
  return blob;
}
