import {
  armId,
  problemOfDiskName,
  quotaProblems,
  largestDiskGiB,
  stagingAccountName,
  stagingBlobBytes,
} from "@holdfast/domain";
import type { DiskSku, PlannedDisk, PlanFinding, RecoveryPoint, PointDisk } from "@holdfast/domain";
import { GiB, HoldfastError } from "@holdfast/kernel";
import type { ManagedDisk } from "../ports/stamp.ts";
import { createRunLedger } from "../workflow/run-ledger.ts";
import { reportRemoval } from "../workflow/report-removal.ts";
import { callOptions } from "../workflow/workflow.ts";
import type { EngineDeps, WorkflowOptions } from "../workflow/workflow.ts";
import { ensureTarget, importPlannedDisk } from "./import-disk.ts";
import { findPoint, refuseBlockedPlan } from "./plan-restore-vm.ts";

export interface RestoreDiskInput {
  readonly pointId: string;
  /** `os`, `lun0`… or the disk's name. May be left out where the point has one disk. */
  readonly disk?: string;
  readonly name: string;
  readonly resourceGroup: string;
  readonly sku?: DiskSku;
  /** The id of a plan that was shown, so that the names are those of that plan. */
  readonly runId?: string;
}

/** All that the restore of one disk will do, to be shown before the first write. */
export interface RestoreDiskPlan {
  readonly pointId: string;
  readonly stampName: string;
  readonly runId: string;
  readonly resourceGroup: string;
  readonly disk: PlannedDisk;
  readonly staging: { readonly accountName: string; readonly container: string };
  readonly findings: readonly PlanFinding[];
}

/** Plans the restore of a disk and checks it against what the stamp says now. Writes nothing. */
export async function planRestoreDisk(
  deps: EngineDeps,
  input: RestoreDiskInput,
  options: WorkflowOptions = {},
): Promise<RestoreDiskPlan> {
  const { stamp } = deps;
  const runId = input.runId ?? deps.random.uuid();
  const point = await findPoint(deps, input.pointId, options);
  const { subscriptionId } = await stamp.describe(callOptions(options));
  const { resourceGroup } = input;
  const place = { subscriptionId, resourceGroup };
  const disk = planOneDisk(point, selectDisk(point, input.disk), { input, place, runId });
  const staging = { accountName: stagingAccountName(place), container: "holdfast-staging" };
  const findings = await checkDisk(deps, disk, place, options);
  return { pointId: point.id, stampName: stamp.name, runId, resourceGroup, disk, staging, findings };
}

/** Restores one disk of a point as a new managed disk. Checked before the first write; all removed on failure. */
export async function restoreDisk(
  deps: EngineDeps,
  input: RestoreDiskInput,
  options: WorkflowOptions = {},
): Promise<ManagedDisk> {
  const { stamp } = deps;
  const plan = await planRestoreDisk(deps, input, options);
  refuseBlockedPlan(plan);
  const { disk, runId } = plan;
  const subject = `${stamp.name}/${disk.diskId.toLowerCase()}`;
  await using _alive = await deps.records.beginRun({ runId, kind: "restore", subject });
  const run = { deps, ledger: createRunLedger(deps, runId), options };
  try {
    const target = await ensureTarget(run, { resourceGroup: plan.resourceGroup, ...plan.staging });
    const made = await importPlannedDisk(run, disk, target, (doneBytes, totalBytes) =>
      options.onProgress?.({ phase: "copy", subject: disk.name, doneBytes, totalBytes }),
    );
    await run.ledger.keep("disk", disk.diskId);
    return made;
  } finally {
    reportRemoval(await run.ledger.releaseAll(), options);
  }
}

/** The disk of a point by slot or name. Raises `engine.point.disk-not-found` with the slots that there are. */
export function selectDisk(point: RecoveryPoint, wanted: string | undefined): PointDisk {
  const slots = point.disks.map((disk) => (disk.role === "os" ? "os" : `lun${disk.lun}`));
  const index = point.disks.findIndex((disk, at) => slots[at] === wanted || disk.name === wanted);
  const found = wanted === undefined && point.disks.length === 1 ? point.disks[0] : point.disks[index];
  if (found !== undefined) return found;
  throw new HoldfastError({
    code: "engine.point.disk-not-found",
    message:
      wanted === undefined
        ? `point '${point.id}' has ${point.disks.length} disks, and none was chosen`
        : `point '${point.id}' has no disk '${wanted}'`,
    advice: `Choose one of: ${slots.join(", ")}.`,
    details: { pointId: point.id },
  });
}

function planOneDisk(
  point: RecoveryPoint,
  source: PointDisk,
  wish: {
    readonly input: RestoreDiskInput;
    readonly place: { readonly subscriptionId: string; readonly resourceGroup: string };
    readonly runId: string;
  },
): PlannedDisk {
  const { input, place, runId } = wish;
  const before = point.instance.disks.find((disk) => disk.role === source.role && disk.lun === source.lun);
  return {
    source,
    name: input.name,
    diskId: armId(place, "Microsoft.Compute/disks", input.name),
    sku: input.sku ?? (before?.backing.kind === "managed" ? before.backing.sku : "Standard_LRS"),
    caching: "None",
    osType: source.role === "os" ? point.instance.osType : null,
    blobBytes: stagingBlobBytes(source.image.sizeBytes),
    // Of this run alone: a blob that is there under the disk's own name may be somebody else's.
    blobName: `${input.name}-${runId}.vhd`,
  };
}

async function checkDisk(
  deps: EngineDeps,
  disk: PlannedDisk,
  place: { readonly subscriptionId: string; readonly resourceGroup: string },
  options: WorkflowOptions,
): Promise<PlanFinding[]> {
  const accountName = stagingAccountName(place);
  const call = callOptions(options);
  const accounts = (await deps.stamp.exists(armId(place, "Microsoft.Storage/storageAccounts", accountName), call))
    ? 0
    : 1;
  const needed = { disks: [disk], nics: 0, accounts };
  const problems = quotaProblems(needed, null, await deps.stamp.listUsages(call));
  const nameProblem = problemOfDiskName(disk.name);
  if (nameProblem !== null) problems.push(`the disk name '${disk.name}' ${nameProblem}`);
  if ((await deps.stamp.findDisk(disk.diskId, call)) !== null) problems.push(`a disk named '${disk.name}' exists`);
  if (disk.blobBytes > largestDiskGiB * GiB + 512) problems.push(`the disk is larger than ${largestDiskGiB} GiB`);
  return problems.map((message) => ({ severity: "blocks", message }));
}
