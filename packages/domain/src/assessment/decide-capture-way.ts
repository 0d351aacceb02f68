import { placedVmKey } from "../applications/application.ts";
import type { PlacedVm } from "../applications/application.ts";
import { isQuiet } from "../capture/torn-risk.ts";
import type { ApplicationFacts, CaptureWay } from "./protection-option.ts";

/** How a VM is captured, with the facts that decided. */
export interface CaptureWayDecision {
  readonly way: CaptureWay;
  readonly reasons: readonly string[];
}

/**
 * Decides how one VM is captured. The platform's guide says that instances of scale sets and members of availability sets
 * are not backed up at VM level: what state they hold is protected by the application. A member may be captured all the
 * same where somebody has recorded why; an instance of a scale set cannot be put back, so no reason helps.
 */
export function decideCaptureWay(placed: PlacedVm, facts: ApplicationFacts): CaptureWayDecision {
  const { vm } = placed;
  if (vm.scaleSetId !== null) return memberWay("is an instance of a scale set", placed, facts);
  const exception = facts.captureExceptions.get(placedVmKey(placed));
  if (vm.availabilitySetId !== null && exception === undefined)
    return memberWay("is a member of an availability set", placed, facts);
  const excused = exception === undefined ? [] : [`is captured although it is a member of a set: ${exception}`];
  if (facts.consistency === "application")
    return { way: "agent", reasons: [...excused, "only an agent can make the application flush before the snapshot"] };
  if (facts.consistency === "file-system")
    return { way: "agent", reasons: [...excused, "only an agent can freeze the file systems"] };
  if (isQuiet(vm.powerState))
    return { way: "agentless", reasons: [...excused, `is ${vm.powerState}: its disks stand still`] };
  if (!facts.allowsRunningSnapshots)
    return { way: "agent", reasons: [...excused, "runs, and nobody has allowed snapshots of running VMs"] };
  if (vm.disks.length > 1)
    return {
      way: "agent",
      reasons: [...excused, `has ${vm.disks.length} disks, which the platform cannot snapshot at one instant`],
    };
  return { way: "agentless", reasons: [...excused, "crash consistency of one disk is enough"] };
}

/** Without a word of the owner state is assumed: an unprotected member that held some is found out too late. */
function memberWay(fact: string, { vm }: PlacedVm, { state }: ApplicationFacts): CaptureWayDecision {
  if (state === "stateless" || state === "redeployable")
    return { way: "not-captured", reasons: [fact, `is ${state} by its owner's word: it is deployed again`] };
  const hasDataDisk = vm.disks.some(({ role }) => role === "data");
  const why = hasDataDisk ? "has data disks" : "nobody has said that it holds no state";
  const reason = state === "stateful" ? "holds state by its owner's word" : `may hold state: ${why}`;
  return { way: "application-level", reasons: [fact, reason] };
}
