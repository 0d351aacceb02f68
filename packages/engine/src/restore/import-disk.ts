import type { PlannedDisk } from "@holdfast/domain";
import type { ManagedDisk } from "../ports/stamp.ts";
import type { RunLedger } from "../workflow/run-ledger.ts";
import { callOptions, tagsOf } from "../workflow/workflow.ts";
import type { EngineDeps, WorkflowOptions } from "../workflow/workflow.ts";
import { writePageBlob } from "./write-page-blob.ts";
import type { OnCopied } from "./write-page-blob.ts";

export interface ImportTarget {
  readonly resourceGroup: string;
  readonly accountId: string;
  readonly containerUri: string;
}

/** Makes one managed disk out of a stored image: page blob, import, and the blob deleted again. */
export async function importPlannedDisk(
  run: { readonly deps: EngineDeps; readonly ledger: RunLedger; readonly options: WorkflowOptions },
  disk: PlannedDisk,
  target: ImportTarget,
  onCopied: OnCopied,
): Promise<ManagedDisk> {
  const { deps, ledger, options } = run;
  const { stamp, clock, random } = deps;
  const call = callOptions(options);
  const blobUri = `${target.containerUri}/${disk.blobName}`;
  const sink = await ledger.make("staging-blob", blobUri, () =>
    stamp.createPageBlob(target.containerUri, disk.blobName, disk.blobBytes, call),
  );
  const stored = await deps.points.openDisk(disk.source.image, call);
  await writePageBlob(stored, sink, { contentBytes: disk.blobBytes, clock, random, onCopied, ...call });
  const made = await ledger.make("disk", disk.diskId, () =>
    stamp.importDisk(
      {
        name: disk.name,
        resourceGroup: target.resourceGroup,
        sku: disk.sku,
        osType: disk.osType,
        sourceUri: blobUri,
        storageAccountId: target.accountId,
        tags: tagsOf(deps, ledger.runId),
      },
      {
        ...call,
        onPoll: (waitedMs) => options.onProgress?.({ phase: "import", subject: disk.name, waitedMs }),
      },
    ),
  );
  await ledger.release("staging-blob", blobUri);
  return made;
}

/** Makes or finds the resource group and its staging account. They are shared by restores, and stay. */
export async function ensureTarget(
  run: { readonly deps: EngineDeps; readonly options: WorkflowOptions },
  place: { readonly resourceGroup: string; readonly accountName: string; readonly container: string },
): Promise<ImportTarget> {
  const { deps, options } = run;
  const call = callOptions(options);
  // No run tag: neither belongs to one run.
  const tags = deps.owner === undefined ? {} : { "holdfast:owner": deps.owner };
  await deps.stamp.ensureResourceGroup(place.resourceGroup, tags, call);
  const staging = await deps.stamp.ensureStaging({ ...place, tags }, call);
  return { resourceGroup: place.resourceGroup, ...staging };
}
