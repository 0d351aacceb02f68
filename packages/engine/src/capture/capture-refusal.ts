import { isQuiet } from "@holdfast/domain";
import type { VmConfiguration } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";

/** Raises where a VM may not be captured at VM level, or not without a consent that was not given. */
export function refuseCapture(
  vm: VmConfiguration,
  input: { readonly allowRunningSnapshot?: boolean; readonly allowAvailabilitySet?: boolean },
): void {
  const details = { vmId: vm.id };
  if (vm.scaleSetId !== null) {
    throw new HoldfastError({
      code: "engine.capture.scale-set-instance",
      message: `VM '${vm.name}' is an instance of a scale set; the platform says not to back those up at VM level`,
      advice: "Protect the scale set's image and its data instead.",
      details,
    });
  }
  if (vm.availabilitySetId !== null && input.allowAvailabilitySet !== true) {
    throw new HoldfastError({
      code: "engine.capture.availability-set-member",
      message: `VM '${vm.name}' is a member of an availability set; the platform says not to back up stateless members`,
      advice: "Redeploy stateless members instead. Where this one holds data, allow it with --availability-set-member.",
      details,
    });
  }
  if (!isQuiet(vm.powerState) && input.allowRunningSnapshot !== true) {
    throw new HoldfastError({
      code: "engine.capture.running-needs-consent",
      message:
        `VM '${vm.name}' is ${vm.powerState}: the platform's documentation warns that a snapshot of a running VM ` +
        "may slow its guest or make it unavailable for a while; its later editions support backup products that " +
        "use incremental snapshots",
      advice: "Stop the VM first, or accept this with --running-snapshot.",
      details: { ...details, powerState: vm.powerState },
    });
  }
}
