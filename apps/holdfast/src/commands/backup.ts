import { backupVm, discover } from "@holdfast/engine";
import type { Catalog, StampRecord } from "@holdfast/catalog";
import type { RecoveryPoint } from "@holdfast/domain";
import { formatBytes, formatDuration, formatInstant } from "@holdfast/kernel";
import type { CommandHandler } from "../cli/context.ts";
import { formatFields } from "../cli/table.ts";
import { showWorkflow } from "../cli/workflow-progress.ts";
import { selectVm } from "../selection/select-vm.ts";
import { openKnownRepository } from "./repository-session.ts";
import type { RepositoryOptions } from "./repository-session.ts";
import { findStampNamed } from "./stamp-list.ts";
import { chooseStamp, openStamp } from "./stamp-session.ts";
import { loadInventories } from "./vms.ts";

export interface BackupCommandInput extends RepositoryOptions {
  readonly vm: string;
  readonly stamp?: string;
  readonly runningSnapshot?: boolean;
  readonly availabilitySetMember?: boolean;
  readonly full?: boolean;
}

export const runBackup: CommandHandler<BackupCommandInput> = async (input, context) => {
  const { output, signal } = context;
  await using catalog = await context.services.openCatalog();
  const record = await findStampOfVm(catalog, input);
  await using store = await openKnownRepository(catalog, input, context);
  await using session = await openStamp(catalog, record, context);
  const point = await capture();
  output.result(point, () => describePoint(point));

  async function capture(): Promise<RecoveryPoint> {
    using progress = output.startProgress();
    const options = { signal, onProgress: showWorkflow(output, progress) };
    // A VM may have been made, moved or resized since the last inventory.
    const { vm } = selectVm(input.vm, [await discover(session.deps, options)]);
    const wanted = {
      vmId: vm.id,
      allowRunningSnapshot: input.runningSnapshot ?? false,
      allowAvailabilitySet: input.availabilitySetMember ?? false,
      forceFull: input.full ?? false,
    };
    return await backupVm({ ...session.deps, points: store }, wanted, options);
  }
};

/** The stamp that was named, the only one, or the one whose last inventory has the VM. */
async function findStampOfVm(catalog: Catalog, { vm, stamp }: BackupCommandInput): Promise<StampRecord> {
  const known = await catalog.listStamps();
  if (stamp !== undefined || known.length < 2) return await chooseStamp(catalog, stamp);
  return await findStampNamed(catalog, selectVm(vm, await loadInventories(catalog)).stampName);
}

function describePoint(point: RecoveryPoint): string {
  const took = point.phases.map(({ phase, durationMs }) => `${phase} ${formatDuration(durationMs)}`).join(", ");
  const disks = point.disks.map(({ name, readScope, bytes }): [string, string] => {
    const scope = readScope.kind === "incremental" ? "changes" : `full, ${readScope.reason}`;
    const read = `${formatBytes(bytes.read)} read of ${formatBytes(bytes.listed)} listed`;
    return [`disk ${name}`, `${scope}: ${read}, ${formatBytes(bytes.stored)} stored`];
  });
  return formatFields([
    ["point", point.id],
    ["vm", `${point.instance.resourceGroup}/${point.instance.name} on ${point.stampName}`],
    ["published", formatInstant(point.publishedAtMs)],
    ["consistency", `${point.consistency}${point.wasRunning ? ", the VM was running" : ""}`],
    ...disks,
    ["skew", formatDuration(point.skewMs)],
    ["torn risk", point.tornRisk.isAtRisk ? point.tornRisk.reasons.join("; ") : "none"],
    ["took", took],
  ]);
}
