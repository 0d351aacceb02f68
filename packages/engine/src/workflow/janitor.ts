import type { Removal } from "./remove-entries.ts";
import { removeEntries } from "./remove-entries.ts";
import { callOptions, tagNames } from "./workflow.ts";
import type { StampDeps, WorkflowOptions } from "./workflow.ts";

export interface JanitorReport extends Removal {
  /** Tagged snapshots of this installation that no ledger entry named. */
  readonly orphanSnapshotIds: readonly string[];
}

/**
 * Removes what runs that are no longer alive left on the stamp, and snapshots that carry this installation's tag and
 * stand in no ledger. Never deletes by a guess: a list that fails, raises before anything was deleted because of it.
 */
export async function runJanitor(
  deps: StampDeps & { readonly owner?: string },
  options: WorkflowOptions = {},
): Promise<JanitorReport> {
  const { stamp, records, owner } = deps;
  const call = callOptions(options);
  const removal = await removeEntries(deps, await records.listAbandoned(stamp.name), call);
  for (const { entry, error } of removal.failures) {
    const message = `${entry.kind} ${entry.objectId} could not be removed: ${String(error)}`;
    options.onProgress?.({ phase: "janitor", subject: entry.objectId, message, severity: "warning" });
  }
  if (owner === undefined) return { ...removal, orphanSnapshotIds: [] };
  // The stamp is listed before the ledger: a snapshot that is seen was entered before it was made.
  const tagged = await stamp.listSnapshotsTagged(tagNames.owner, call);
  const known = new Set((await records.listLedger(stamp.name)).map((entry) => entry.objectId.toLowerCase()));
  const orphans = tagged.filter((s) => s.tags[tagNames.owner] === owner && !known.has(s.id.toLowerCase()));
  for (const orphan of orphans) await stamp.deleteSnapshot(orphan.id, call);
  return { ...removal, orphanSnapshotIds: orphans.map((orphan) => orphan.id) };
}
