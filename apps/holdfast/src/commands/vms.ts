import type { Inventory, VmConfiguration } from "@holdfast/domain";
import { formatBytes, formatInstant } from "@holdfast/kernel";
import type { Catalog } from "@holdfast/catalog";
import type { CommandHandler } from "../cli/context.ts";
import { formatTable } from "../cli/table.ts";
import { findStampNamed } from "./stamp-list.ts";

/** The last inventories of one stamp or of all. */
export async function loadInventories(catalog: Catalog, stamp?: string): Promise<readonly Inventory[]> {
  const stamps = stamp === undefined ? await catalog.listStamps() : [await findStampNamed(catalog, stamp)];
  const inventories = await Promise.all(stamps.map(({ name }) => catalog.loadInventory(name)));
  return inventories.filter((inventory) => inventory !== null);
}

export const runVms: CommandHandler<{ readonly stamp?: string }> = async ({ stamp }, { services, output }) => {
  await using catalog = await services.openCatalog();
  const inventories = await loadInventories(catalog, stamp);
  for (const { stampName, takenAtMs } of inventories) {
    output.note(`${stampName}: inventory of ${formatInstant(takenAtMs)}`);
  }
  const vms = inventories.flatMap(({ stampName, takenAtMs, ...inventory }) =>
    inventory.vms.map((vm) => ({ stampName, takenAt: formatInstant(takenAtMs), ...vm })),
  );
  output.result(vms, () =>
    vms.length === 0
      ? "No VM is known. Run `holdfast discover` first."
      : formatTable(
          ["STAMP", "GROUP/NAME", "POWER", "SIZE", "DISKS", "AVAILABILITY", "TAGS"],
          vms.map((vm) => [
            vm.stampName,
            `${vm.resourceGroup}/${vm.name}`,
            vm.powerState,
            vm.sizeName,
            describeDisks(vm),
            describeAvailability(vm),
            Object.entries(vm.tags)
              .map(([key, value]) => `${key}=${value}`)
              .join(" "),
          ]),
        ),
  );
};

function describeDisks({ disks }: VmConfiguration): string {
  const sizeBytes = disks.reduce((sum, disk) => sum + disk.sizeBytes, 0);
  const unmanaged = disks.filter((disk) => disk.backing.kind === "unmanaged").length;
  return `${disks.length}, ${formatBytes(sizeBytes)}${unmanaged > 0 ? `, ${unmanaged} unmanaged` : ""}`;
}

function describeAvailability({ availabilitySetId, scaleSetId }: VmConfiguration): string {
  const last = (id: string): string => id.slice(id.lastIndexOf("/") + 1);
  if (scaleSetId !== null) return `scale set ${last(scaleSetId)}`;
  return availabilitySetId === null ? "" : `set ${last(availabilitySetId)}`;
}
