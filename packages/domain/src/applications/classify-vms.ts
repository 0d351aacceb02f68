import type { Finding } from "../findings/finding.ts";
import { placedVmKey } from "./application.ts";
import type { Application, PlacedVm, VmSelector } from "./application.ts";
import { indexVms } from "./index-vms.ts";
import { orderApplications } from "./order-applications.ts";
import type { ApplicationOrder } from "./order-applications.ts";

/** Which VMs belong to which application, and which to none. */
export interface Classification {
  readonly applications: readonly { readonly application: Application; readonly members: readonly PlacedVm[] }[];
  /** What belongs to nothing. Their count stands at the front of every report. */
  readonly unclassified: readonly PlacedVm[];
  readonly order: ApplicationOrder;
  readonly findings: readonly Finding[];
}

/** Sorts VMs into applications. A VM that several take belongs to each, and is a finding. */
export function classifyVms(applications: readonly Application[], vms: readonly PlacedVm[]): Classification {
  const takenBy = new Map<string, string[]>();
  const used = new Set<VmSelector>();
  const index = indexVms(vms);
  const classified = applications.map((application) => {
    const stamps = application.stampNames?.map((name) => name.toLowerCase());
    const taken = new Set<number>();
    for (const selector of application.selectors) {
      for (const at of index.select(selector)) {
        const stampName = vms[at]?.stampName.toLowerCase();
        if (stampName === undefined || (stamps !== undefined && !stamps.includes(stampName))) continue;
        taken.add(at);
        used.add(selector);
      }
    }
    const members = [...taken].sort((a, b) => a - b).flatMap((at) => vms[at] ?? []);
    for (const member of members) {
      const key = placedVmKey(member);
      takenBy.set(key, [...(takenBy.get(key) ?? []), application.name]);
    }
    return { application, members };
  });
  const order = orderApplications(applications);
  const overlaps = vms.flatMap((placed) => overlapFinding(placed, takenBy.get(placedVmKey(placed)) ?? []));
  return {
    applications: classified,
    unclassified: vms.filter((placed) => !takenBy.has(placedVmKey(placed))),
    order,
    findings: [
      ...applications.flatMap((one) => judgeApplication(one, applications, used)),
      ...judgeOrder(order),
      ...overlaps,
    ],
  };
}

function overlapFinding({ stampName, vm }: PlacedVm, names: readonly string[]): readonly Finding[] {
  if (names.length < 2) return [];
  return [
    {
      kind: "applications-overlap",
      severity: "warns",
      subject: `${stampName} ${vm.resourceGroup}/${vm.name}`,
      message: `belongs to ${names.join(" and ")}: the strictest objectives of these hold`,
      advice: "Narrow the selectors, or leave it where several applications share the VM.",
    },
  ];
}

function judgeApplication(
  application: Application,
  all: readonly Application[],
  used: ReadonlySet<VmSelector>,
): readonly Finding[] {
  const { name, owner, priority, selectors, dependsOn } = application;
  const findings: Finding[] = [];
  const warn = (kind: string, message: string, advice: string): void =>
    void findings.push({ kind, severity: "warns", subject: name, message, advice });
  if (all.some((other) => other !== application && other.name.toLowerCase() === name.toLowerCase()))
    warn("application-name-taken", "another application has this name", "Give each application a name of its own.");
  if (owner.trim() === "") warn("application-without-owner", "nobody owns the application", "Name who answers for it.");
  for (const selector of selectors.filter((one) => !used.has(one)))
    warn("selector-takes-nothing", `no VM has ${describeSelector(selector)}`, "Check the spelling, or discover again.");
  if (selectors.length === 0) warn("selector-takes-nothing", "it has no selector", "Say which VMs belong to it.");
  for (const dependency of dependsOn) {
    const other = all.find((one) => one.name === dependency);
    if (other === undefined)
      warn(
        "dependency-unknown",
        `it depends on ${dependency}, which is no application`,
        "Define it, or drop the name.",
      );
    else if (other.priority > priority)
      warn(
        "dependency-comes-later",
        `it has priority ${priority} and depends on ${dependency}, which has ${other.priority}`,
        `Give ${dependency} priority ${priority}: it is recovered first in any case.`,
      );
  }
  return findings;
}

function judgeOrder({ cycles, behindCycles }: ApplicationOrder): readonly Finding[] {
  return [
    ...cycles.map((names): Finding => ({
      kind: "dependency-cycle",
      severity: "warns",
      subject: names[0] ?? "",
      message: `${names.join(", ")} depend on each other: no order of recovery exists`,
      advice: "Drop the dependency that can be restarted without the other.",
    })),
    ...behindCycles.map((name): Finding => ({
      kind: "dependency-on-cycle",
      severity: "notes",
      subject: name,
      message: "it waits for applications that depend on each other",
      advice: "Break that cycle first.",
    })),
  ];
}

function describeSelector(selector: Application["selectors"][number]): string {
  switch (selector.kind) {
    case "tag":
      return `the tag ${selector.key}${selector.value === undefined ? "" : `=${selector.value}`}`;
    case "resource-group":
      return `the resource group ${selector.name}`;
    case "name-pattern":
      return `a name like ${selector.pattern}`;
    case "list":
      return `a name of the list ${selector.vms.join(", ")}`;
  }
}
