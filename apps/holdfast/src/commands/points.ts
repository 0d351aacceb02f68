import { formatBytes, formatDuration, formatInstant } from "@holdfast/kernel";
import type { RecoveryPoint } from "@holdfast/domain";
import type { CommandHandler } from "../cli/context.ts";
import { formatTable } from "../cli/table.ts";
import { isOfVm } from "../selection/select-point.ts";
import { refuseUnknownVm } from "../selection/select-vm.ts";
import { openKnownRepository } from "./repository-session.ts";
import type { RepositoryOptions } from "./repository-session.ts";
import { loadInventories } from "./vms.ts";

export const runPoints: CommandHandler<RepositoryOptions & { readonly vm: string | undefined }> = async (
  { vm, ...options },
  context,
) => {
  await using catalog = await context.services.openCatalog();
  await using store = await openKnownRepository(catalog, options, context);
  const all = await store.listPoints({ signal: context.signal });
  const points = all.filter((point) => vm === undefined || isOfVm(point, vm));
  if (vm !== undefined && points.length === 0) refuseUnknownVm(vm, all, await loadInventories(catalog));
  context.output.result(points, () =>
    points.length === 0
      ? "There is no recovery point. Make one by `holdfast backup`."
      : formatTable(
          ["POINT", "VM", "STAMP", "DATA OF", "CONSISTENCY", "DISKS", "READ", "STORED", "SKEW", "TORN RISK"],
          points.map(describePoint),
        ),
  );
};

function describePoint(point: RecoveryPoint): readonly string[] {
  const sum = (pick: (disk: RecoveryPoint["disks"][number]) => number): number =>
    point.disks.reduce((total, disk) => total + pick(disk), 0);
  // The oldest disk's instant: nothing written after it is sure to be in the point.
  const dataAtMs = Math.min(...point.disks.map((disk) => disk.dataAtMs), point.publishedAtMs);
  return [
    point.id,
    `${point.instance.resourceGroup}/${point.instance.name}`,
    point.stampName,
    formatInstant(dataAtMs),
    point.consistency,
    `${point.disks.length}, ${formatBytes(sum((disk) => disk.image.sizeBytes))}`,
    `${point.disks.every((disk) => disk.readScope.kind === "incremental") ? "changes" : "full"} ${formatBytes(sum((disk) => disk.bytes.read))}`,
    formatBytes(sum((disk) => disk.bytes.stored)),
    formatDuration(point.skewMs),
    point.tornRisk.isAtRisk ? "yes" : "no",
  ];
}
