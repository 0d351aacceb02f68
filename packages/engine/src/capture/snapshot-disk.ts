import { armId } from "@holdfast/domain";
import type { CaptureMethod, StampProbe, VmDisk } from "@holdfast/domain";
import { callOptions, tagNames, tagsOf } from "../workflow/workflow.ts";
import type { CaptureRun } from "./capture-run.ts";

/** A disk and the snapshot that was just made of it. */
export interface DiskSnapshot {
  readonly disk: VmDisk;
  readonly method: CaptureMethod;
  readonly snapshotRef: string;
  readonly dataAtMs: number;
  readonly sourceIdentity: string;
}

/** The slot of a disk in names and messages: `os`, `lun0`. */
export function slotOf(disk: Pick<VmDisk, "role" | "lun">): string {
  return disk.role === "os" ? "os" : `lun${disk.lun}`;
}

/** Makes the platform snapshot of one disk, under a ledger entry. Asks for an incremental one unless the probe said no. */
export async function snapshotDisk(run: CaptureRun, disk: VmDisk): Promise<DiskSnapshot> {
  return disk.backing.kind === "managed"
    ? await snapshotManaged(run, disk, disk.backing)
    : await snapshotUnmanaged(run, disk, disk.backing.vhdUri);
}

async function snapshotManaged(
  run: CaptureRun,
  disk: VmDisk,
  backing: { readonly diskId: string; readonly uniqueId: string },
): Promise<DiskSnapshot> {
  const { deps, vm, ledger, options } = run;
  const name = `hf-${ledger.runId.replaceAll("-", "").slice(0, 12)}-${slotOf(disk)}`;
  const snapshotRef = armId(vm, "Microsoft.Compute/snapshots", name);
  const probe = await deps.records.loadProbe(deps.stamp.name);
  const made = await ledger.make("snapshot", snapshotRef, () =>
    deps.stamp.createSnapshot(
      {
        diskId: backing.diskId,
        name,
        resourceGroup: vm.resourceGroup,
        isIncremental: !isKnownMissing(probe, "incremental-snapshots"),
        tags: { ...tagsOf(deps, ledger.runId), [tagNames.disk]: disk.name },
      },
      {
        ...callOptions(options),
        onPoll: (waitedMs) => options.onProgress?.({ phase: "snapshot", subject: disk.name, waitedMs }),
      },
    ),
  );
  return {
    disk,
    method: made.isIncremental ? "incremental-snapshot" : "full-snapshot",
    snapshotRef,
    dataAtMs: made.timeCreatedMs,
    sourceIdentity: made.sourceUniqueId ?? backing.uniqueId,
  };
}

async function snapshotUnmanaged(run: CaptureRun, disk: VmDisk, vhdUri: string): Promise<DiskSnapshot> {
  const { deps, ledger, options } = run;
  // The service names the snapshot, so the entry holds the blob's address until the name is known.
  const made = await ledger.make("blob-snapshot", vhdUri, () =>
    deps.stamp.createBlobSnapshot(vhdUri, callOptions(options)),
  );
  await ledger.make("blob-snapshot", made.uri, async () => undefined);
  await ledger.forget("blob-snapshot", vhdUri);
  return { disk, method: "blob-snapshot", snapshotRef: made.uri, dataAtMs: made.timeCreatedMs, sourceIdentity: vhdUri };
}

/** True where a probe has tried it and the stamp cannot do it. Unknown is tried. */
export function isKnownMissing(
  probe: StampProbe | null,
  name: "incremental-snapshots" | "changed-ranges" | "blob-changed-ranges",
): boolean {
  return probe?.capabilities.some((capability) => capability.name === name && capability.state === "no") ?? false;
}
