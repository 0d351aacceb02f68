import { assertNever, hasErrorCode, HoldfastError } from "@holdfast/kernel";
import type { LedgerEntry, LedgerKind } from "../ports/records.ts";
import type { CallOptions } from "../ports/stamp.ts";
import { tagNames } from "./workflow.ts";
import type { StampDeps } from "./workflow.ts";

export interface Removal {
  readonly removed: readonly LedgerEntry[];
  /** Entries that stay in the ledger, each with why: the next janitor tries again. */
  readonly failures: readonly { readonly entry: LedgerEntry; readonly error: unknown }[];
}

/** What uses another thing goes first: a VM before its NICs and disks, an access before its snapshot, a group last. */
const removalOrder: readonly LedgerKind[] = [
  "sas",
  "vm",
  "nic",
  "disk",
  "snapshot",
  "staging-blob",
  "blob-snapshot",
  "storage-account",
  "resource-group",
];

/**
 * Deletes what ledger entries name, then the entries. One failure does not stop the others.
 *
 * A kept VM is the commit of its restore: the disks and NICs of the same run are then marked kept, not deleted.
 */
export async function removeEntries(
  deps: Pick<StampDeps, "stamp" | "records">,
  entries: readonly LedgerEntry[],
  options: CallOptions = {},
): Promise<Removal> {
  if (entries.length === 0) return { removed: [], failures: [] };
  const ledger = await deps.records.listLedger(deps.stamp.name);
  const committed = new Set(ledger.filter((e) => e.kind === "vm" && e.state === "kept").map((e) => e.runId));
  const removed: LedgerEntry[] = [];
  const failures: { entry: LedgerEntry; error: unknown }[] = [];
  const ordered = entries.toSorted((a, b) => removalOrder.indexOf(a.kind) - removalOrder.indexOf(b.kind));
  for (const entry of ordered) {
    try {
      if (committed.has(entry.runId) && (entry.kind === "disk" || entry.kind === "nic")) {
        await deps.records.mark(entry.id, "kept");
        continue;
      }
      await deleteObject(deps, entry, options);
      await deps.records.remove(entry.id);
      removed.push(entry);
    } catch (error) {
      options.signal?.throwIfAborted();
      failures.push({ entry, error });
    }
  }
  return { removed, failures };
}

async function deleteObject(deps: Pick<StampDeps, "stamp">, entry: LedgerEntry, options: CallOptions): Promise<void> {
  const { stamp } = deps;
  const { objectId } = entry;
  switch (entry.kind) {
    case "sas":
      // A blob snapshot is read with its account's key: its address has no access that ARM could end.
      if (!objectId.startsWith("/")) return;
      return await ignoreMissing(() => stamp.revokeAccess(objectId, options));
    case "vm":
      // A user may have made a VM of this name after a kill: only one that carries the run's tag is ours.
      return await ignoreMissing(async () => {
        const vm = await stamp.readVm(objectId, options);
        if (vm.tags[tagNames.run] === entry.runId) await stamp.deleteVm(objectId, options);
      });
    case "disk": {
      const disk = await stamp.findDisk(objectId, options);
      if (disk?.tags[tagNames.run] === entry.runId) await stamp.deleteDisk(objectId, options);
      return;
    }
    case "nic":
      return await stamp.deleteNic(objectId, options);
    case "snapshot":
      return await stamp.deleteSnapshot(objectId, options);
    case "staging-blob":
      return await stamp.deleteBlob(objectId, options);
    case "blob-snapshot":
      if (!objectId.includes("snapshot=")) throw unnamedBlobSnapshot(objectId);
      return await stamp.deleteBlobSnapshot(objectId, options);
    case "storage-account":
      return await stamp.deleteStagingAccount(objectId, options);
    case "resource-group":
      // A group that was there before does not carry the run's tag; one that somebody uses by now is not empty.
      return await stamp.deleteResourceGroup(objectId, { name: tagNames.run, value: entry.runId }, options);
    default:
      return assertNever(entry.kind);
  }
}

async function ignoreMissing(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!hasErrorCode(error, "stackhub.arm.not-found")) throw error;
  }
}

/** The service names a blob snapshot, so a kill while it is made leaves no name to delete by. */
function unnamedBlobSnapshot(vhdUri: string): HoldfastError {
  return new HoldfastError({
    code: "engine.janitor.unnamed-snapshot",
    message: `a run was killed while it made a blob snapshot of ${vhdUri}; the snapshot may exist, under a name nobody knows`,
    advice: "List the snapshots of this blob and delete the one of that time, then remove the entry.",
    details: { vhdUri },
  });
}
