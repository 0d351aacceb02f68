import { GiB } from "@holdfast/kernel";
import type { Finding } from "../findings/finding.ts";
import type { QuotaUsage, VmSize } from "../inventory/capability.ts";
import type { VmConfiguration } from "../inventory/vm.ts";

/** What a target subscription needs so that VMs can be recovered into it, in the platform's counting. */
export interface TargetNeeds {
  readonly virtualMachines: number;
  /** Null where the size of a VM is not known. */
  readonly cores: number | null;
  readonly networkInterfaces: number;
  /** Whole sizes of disks in GiB, each rounded up: quota counts the disk, not its content. */
  readonly standardDiskGiB: number;
  readonly premiumDiskGiB: number;
  readonly unknownSizes: readonly string[];
}

/** What all these VMs need at once. Disks of storage accounts are recovered as managed standard disks. */
export function targetNeeds(vms: readonly VmConfiguration[], sizes: readonly VmSize[]): TargetNeeds {
  const coresOf = new Map(sizes.map(({ name, cores }) => [name.toLowerCase(), cores]));
  const unknown = new Set<string>();
  const needs = { cores: 0, networkInterfaces: 0, standardDiskGiB: 0, premiumDiskGiB: 0 };
  for (const { sizeName, nics, disks } of vms) {
    const cores = coresOf.get(sizeName.toLowerCase());
    if (cores === undefined) unknown.add(sizeName);
    needs.cores += cores ?? 0;
    needs.networkInterfaces += nics.length;
    for (const { sizeBytes, backing } of disks) {
      const isPremium = backing.kind === "managed" && backing.sku === "Premium_LRS";
      needs[isPremium ? "premiumDiskGiB" : "standardDiskGiB"] += Math.ceil(sizeBytes / GiB);
    }
  }
  const unknownSizes = [...unknown].sort();
  return { ...needs, cores: unknown.size > 0 ? null : needs.cores, virtualMachines: vms.length, unknownSizes };
}

/** Quotas that a subscription gets unless its operator gave it others, as the platform documents them. */
export const documentedQuotas: readonly QuotaUsage[] = [
  { name: "virtualMachines", unit: "Count", current: 0, limit: 50 },
  { name: "cores", unit: "Count", current: 0, limit: 100 },
  { name: "networkInterfaces", unit: "Count", current: 0, limit: 100 },
  { name: "standardDiskSizeInGB", unit: "Count", current: 0, limit: 2048 },
  { name: "premiumDiskSizeInGB", unit: "Count", current: 0, limit: 2048 },
];

/** Compares needs with quotas: those that a stamp told block, and documented defaults warn. */
export function judgeTargetQuota(
  subject: string,
  needs: TargetNeeds,
  quota: { readonly usages: readonly QuotaUsage[]; readonly provenance: "measured" | "probed" | "documented" },
): readonly Finding[] {
  const needed: Readonly<Record<string, number>> = {
    virtualmachines: needs.virtualMachines,
    cores: needs.cores ?? 0,
    networkinterfaces: needs.networkInterfaces,
    standarddisksizeingb: needs.standardDiskGiB,
    premiumdisksizeingb: needs.premiumDiskGiB,
  };
  return quota.usages.flatMap((usage): readonly Finding[] => {
    const need = needed[usage.name.toLowerCase()] ?? 0;
    const left = usage.limit - usage.current;
    if (need <= left) return [];
    return [
      {
        kind: "quota-too-small",
        severity: quota.provenance === "measured" ? "blocks" : "warns",
        subject,
        message: `quota ${usage.name} (${quota.provenance}): ${need} needed, ${left} of ${usage.limit} left`,
        advice: "Ask the operator for an add-on plan. A change can take two hours to apply.",
      },
    ];
  });
}
