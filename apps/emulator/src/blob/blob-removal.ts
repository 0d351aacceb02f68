import { rm } from "node:fs/promises";
import { join } from "node:path";
import { BlobError } from "./blob-error.ts";
import type { BlobDeps } from "./blob-deps.ts";
import type { BlobRecord } from "./blob-record.ts";

/** Removes a blob's record, then what it names: nothing is left that names lost content. */
async function removeBlob(deps: BlobDeps, blob: BlobRecord): Promise<void> {
  deps.catalog.remove(blob);
  await releaseContent(deps, blob);
}

/**
 * Removes what a record names that is gone or replaced in the catalog already, as far as no other record of the blob
 * names it too.
 */
export async function releaseContent(deps: BlobDeps, blob: BlobRecord): Promise<void> {
  if (blob.kind === "BlockBlob") {
    const others = deps.catalog.snapshotsOf(blob).filter((one) => one.kind === "BlockBlob");
    const kept = new Set(others.flatMap((one) => one.blocks.map((block) => block.file)));
    const present = deps.catalog.find({ account: blob.account, container: blob.container, name: blob.name });
    if (present?.kind === "BlockBlob") for (const block of present.blocks) kept.add(block.file);
    for (const block of blob.blocks)
      if (!kept.has(block.file)) await rm(join(deps.blockFolder, block.file), { force: true });
    return;
  }
  if (blob.pageSnapshotId !== undefined) {
    await deps.pages.open(blob.volumeId)?.deleteSnapshot(blob.pageSnapshotId);
    return;
  }
  // Snapshots of a replaced blob live on the same volume and stay.
  if (deps.catalog.snapshotsOf(blob).some((one) => one.kind === "PageBlob" && one.volumeId === blob.volumeId)) return;
  await deps.pages.delete(blob.volumeId);
}

/** Deletes a blob or one snapshot, as `x-ms-delete-snapshots` says. */
export async function deleteBlob(deps: BlobDeps, blob: BlobRecord, deleteSnapshots: string | undefined): Promise<void> {
  if (blob.snapshot !== undefined) {
    if (deleteSnapshots !== undefined) {
      throw new BlobError(400, "InvalidHeaderValue", "x-ms-delete-snapshots may not be given for a snapshot.");
    }
    await removeBlob(deps, blob);
    return;
  }
  if (blob.kind === "PageBlob" && blob.isVmDisk === true) {
    throw new BlobError(
      412,
      "LeaseIdMissing",
      "There is currently a lease on the blob and no lease ID was specified in the request.",
    );
  }
  const snapshots = deps.catalog.snapshotsOf(blob);
  if (snapshots.length > 0 && deleteSnapshots === undefined) {
    throw new BlobError(409, "SnapshotsPresent", "This operation is not permitted because the blob has snapshots.");
  }
  for (const snapshot of snapshots) await removeBlob(deps, snapshot);
  if (deleteSnapshots !== "only") await removeBlob(deps, blob);
}
