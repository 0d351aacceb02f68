import type { RestorePlan } from "@holdfast/domain";
import { formatBytes } from "@holdfast/kernel";
import { formatFields } from "./table.ts";

/** A plan as a person reads it before saying yes: what will be made, where, and what speaks against it. */
export function formatRestorePlan(plan: RestorePlan): string {
  const findings = plan.findings.map(({ severity, message }): [string, string] => [
    severity === "blocks" ? "BLOCKS" : "warning",
    message,
  ]);
  return formatFields([
    ["restore", `point ${plan.pointId} to VM ${plan.resourceGroup}/${plan.vmName} on ${plan.stampName}`],
    ["size", plan.sizeName],
    ...plan.disks.map((disk): [string, string] => [
      disk.source.role === "os" ? "os disk" : `lun ${disk.source.lun}`,
      `${disk.name}, ${formatBytes(disk.source.image.sizeBytes)}, ${disk.sku}, from ${disk.source.name}`,
    ]),
    ...plan.nics.map((nic): [string, string] => [
      "nic",
      `${nic.name} in ${nic.subnetId}, address ${nic.privateAddress ?? "given by the stamp"}`,
    ]),
    [
      "staging",
      `${plan.staging.accountName}/${plan.staging.container}: the account stays, its blobs are removed afterwards`,
    ],
    ["start", plan.startsVm ? "yes" : "no"],
    ...findings,
  ]);
}
