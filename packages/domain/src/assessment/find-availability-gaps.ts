import type { PlacedVm } from "../applications/application.ts";
import type { Finding } from "../findings/finding.ts";
import type { AvailabilitySet, Inventory, LoadBalancer } from "../inventory/inventory.ts";

/** What of an application would stop with one VM, one node or one silent fault. */
export function findAvailabilityGaps(
  application: string,
  members: readonly PlacedVm[],
  inventories: readonly Inventory[],
): readonly Finding[] {
  const warn = (kind: string, message: string, advice: string): Finding => ({
    kind,
    severity: "warns",
    subject: application,
    message,
    advice,
  });
  const findings: Finding[] = [];
  const [only] = members;
  if (members.length === 1 && only !== undefined && only.vm.scaleSetId === null)
    findings.push(warn("single-point", `${only.vm.name} is its only VM`, "Add a second one where the RTO is minutes."));
  for (const set of setsOf(members, inventories)) {
    if (set.vmIds.length === 1)
      findings.push(warn("single-point", `the availability set ${set.name} has one VM`, "Add a second member."));
    if (set.faultDomainCount < 2 && set.vmIds.length > 1)
      findings.push(
        warn(
          "one-fault-domain",
          `all ${set.vmIds.length} VMs of the availability set ${set.name} are in one fault domain, so on one node`,
          "Move them to a set of two or three fault domains; that needs the VMs made again.",
        ),
      );
  }
  const apart = members.filter(({ vm }) => vm.availabilitySetId === null && vm.scaleSetId === null);
  if (apart.length > 1 && apart.length === members.length)
    findings.push({
      ...warn(
        "nothing-keeps-apart",
        `nothing keeps its ${apart.length} VMs on different nodes`,
        "Put VMs that stand in for each other into an availability set.",
      ),
      severity: "notes",
    });
  for (const balancer of balancersOf(members, inventories).filter(({ hasProbe }) => !hasProbe))
    findings.push(
      warn(
        "missing-probe",
        `the load balancer ${balancer.name} has no probe: it sends users to VMs that are down`,
        "Add a health probe that asks the application itself.",
      ),
    );
  return findings;
}

function setsOf(members: readonly PlacedVm[], inventories: readonly Inventory[]): readonly AvailabilitySet[] {
  return inventories.flatMap(({ stampName, availabilitySets }) => {
    const wanted = new Set(
      members.filter((one) => one.stampName === stampName).map(({ vm }) => vm.availabilitySetId?.toLowerCase()),
    );
    return availabilitySets.filter(({ id }) => wanted.has(id.toLowerCase()));
  });
}

/** Load balancers with a pool that an address of a member belongs to. */
export function balancersOf(members: readonly PlacedVm[], inventories: readonly Inventory[]): readonly LoadBalancer[] {
  return inventories.flatMap(({ stampName, loadBalancers }) => {
    const pools = new Set(
      members
        .filter((one) => one.stampName === stampName)
        .flatMap(({ vm }) => vm.nics)
        .flatMap(({ ipConfigurations }) => ipConfigurations)
        .flatMap(({ loadBalancerPoolIds }) => loadBalancerPoolIds)
        .map((id) => id.toLowerCase()),
    );
    return loadBalancers.filter(({ poolIds }) => poolIds.some((id) => pools.has(id.toLowerCase())));
  });
}
