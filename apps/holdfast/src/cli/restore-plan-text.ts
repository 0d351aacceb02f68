import type { PlanFinding, PlannedDisk, RestorePlan } from "@holdfast/domain";
import type { RestoreDiskPlan } from "@holdfast/engine";
import { formatBytes } from "@holdfast/kernel";
import { formatFields } from "./table.ts";

/** A plan as a person reads it before saying yes: what will be made, where, and what speaks against it. */
export function formatRestorePlan(plan: RestorePlan): string {
  return formatFields([
    ["restore", `point ${plan.pointId} to VM ${plan.resourceGroup}/${plan.vmName} on ${plan.stampName}`],
    ["size", plan.sizeName],
    ...plan.disks.map(describeDisk),
    ...plan.nics.map((nic): [string, string] => [
      "nic",
      [nic, ...nic.secondaryIps]
        .map((ip) => `${ip.name} in ${ip.subnetId}, address ${ip.privateAddress ?? "given by the stamp"}`)
        .join("; "),
    ]),
    ...plan.nics.flatMap(({ name, nsgId, loadBalancerPoolIds }): [string, string][] => [
      ...(nsgId === null ? [] : [["security", `${name} by ${nsgId}`] as [string, string]]),
      ...loadBalancerPoolIds.map((id): [string, string] => ["pool", `${name} in ${id}`]),
    ]),
    ...(plan.availabilitySetId === null ? [] : [["in set", plan.availabilitySetId] as [string, string]]),
    describeStaging(plan),
    ["start", plan.startsVm ? "yes" : "no"],
    ...plan.findings.map(describeFinding),
  ]);
}

/** The same of one disk. */
export function formatDiskPlan(plan: RestoreDiskPlan): string {
  return formatFields([
    ["restore", `point ${plan.pointId} to disk ${plan.resourceGroup}/${plan.disk.name} on ${plan.stampName}`],
    describeDisk(plan.disk),
    describeStaging(plan),
    ...plan.findings.map(describeFinding),
  ]);
}

function describeDisk({ name, sku, source }: PlannedDisk): [string, string] {
  return [
    source.role === "os" ? "os disk" : `lun ${source.lun}`,
    `${name}, ${formatBytes(source.image.sizeBytes)}, ${sku}, from ${source.name}`,
  ];
}

function describeStaging({ staging }: Pick<RestorePlan, "staging">): [string, string] {
  const { accountName, container } = staging;
  return ["staging", `${accountName}/${container}: the account stays, its blobs are removed afterwards`];
}

function describeFinding({ severity, message }: PlanFinding): [string, string] {
  return [severity === "blocks" ? "BLOCKS" : "warning", message];
}
