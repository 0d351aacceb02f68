import type { PageBlobLookup } from "../pages/disk-access.ts";
import type { BlobCall } from "./blob-call.ts";
import type { BlobDeps } from "./blob-deps.ts";
import { BlobError } from "./blob-error.ts";
import type { BlobRecord } from "./blob-record.ts";
import type { FindCopySource } from "./copy-operations.ts";
import { checkSas, requirePermission } from "./sas.ts";

/** The blob or snapshot that an address names, whoever asks. */
function findByAddress(deps: BlobDeps, url: URL): BlobRecord | undefined {
  const [, container = "", ...rest] = url.pathname.split("/").map(decodeURIComponent);
  const snapshot = url.searchParams.get("snapshot");
  return deps.catalog.find({
    account: url.hostname.split(".")[0] ?? "",
    container,
    name: rest.join("/"),
    ...(snapshot === null ? {} : { snapshot }),
  });
}

/** Finds page blobs for the compute provider, which stands above access rights. */
export function createPageBlobLookup(deps: BlobDeps): PageBlobLookup {
  return {
    find: (uri) => {
      const blob = URL.canParse(uri) ? findByAddress(deps, new URL(uri)) : undefined;
      if (blob?.kind !== "PageBlob") return undefined;
      return {
        volumeId: blob.volumeId,
        contentBytes: blob.contentLength,
        ...(blob.pageSnapshotId === undefined ? {} : { snapshotId: blob.pageSnapshotId }),
      };
    },
    setVmLease: async (uri, isLeased) => {
      const blob = findByAddress(deps, new URL(uri));
      if (blob?.kind !== "PageBlob") return;
      const { isVmDisk: _before, lease: _lease, ...rest } = blob;
      const lease = { id: "vm", state: "leased", durationSeconds: -1, endsAtMs: null } as const;
      deps.catalog.put(isLeased ? { ...rest, isVmDisk: true, lease } : rest);
    },
  };
}

/** Raises as the service does for a source that it cannot read with what the caller brought. */
function requireReadable(deps: BlobDeps, address: URL, copy: BlobCall): void {
  const account = address.hostname.split(".")[0] ?? "";
  // Only a call by Shared Key has this header, and it was checked before.
  if (account === copy.account && copy.header("authorization") !== undefined) return;
  const [, container = "", ...rest] = address.pathname.split("/").map(decodeURIComponent);
  const keys = deps.keysOf(account);
  if (keys === undefined || !address.searchParams.has("sig")) {
    throw new BlobError(404, "CannotVerifyCopySource", "The specified resource does not exist.");
  }
  const policies = deps.catalog.findContainer(account, container)?.policies ?? [];
  const signed = { account, container, blob: rest.join("/"), query: address.searchParams };
  try {
    requirePermission(checkSas(signed, { keys, nowMs: deps.now(), policies }), "r");
  } catch (error) {
    if (!(error instanceof BlobError)) throw error;
    throw new BlobError(403, "CannotVerifyCopySource", error.message);
  }
}

/** Finds what a copy reads: a blob or snapshot of a tenant, or a granted disk with its SAS. */
export function createCopySourceFinder(deps: BlobDeps): FindCopySource {
  return (address, copy) => {
    const account = address.hostname.split(".")[0] ?? "";
    if (deps.grants.isDiskAccount(account)) {
      const grant = deps.grants.requireAddress(address.href);
      const volume = deps.pages.open(grant.volumeId);
      const view = grant.snapshotId === undefined ? volume : volume?.openSnapshot(grant.snapshotId);
      if (view === undefined) return undefined;
      return {
        kind: "PageBlob",
        volumeId: grant.volumeId,
        snapshotId: grant.snapshotId,
        contentLength: view.sizeBytes,
      };
    }
    requireReadable(deps, address, copy);
    const blob = findByAddress(deps, address);
    if (blob === undefined) return undefined;
    if (blob.kind === "BlockBlob") return { kind: "BlockBlob", blob };
    const { volumeId, pageSnapshotId, contentLength } = blob;
    return { kind: "PageBlob", volumeId, snapshotId: pageSnapshotId, contentLength };
  };
}
