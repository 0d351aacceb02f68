import type { ResourceType, StampServices } from "../arm/provider.ts";
import { ArmError } from "../arm/provider.ts";
import { machineVersions } from "./api-versions.ts";
import { notFound } from "./compute-errors.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { computeUsage } from "./compute-usage.ts";
import { presentVm } from "./vm-instance-view.ts";
import { listVmSizes } from "./vm-sizes.ts";

function requireHere(parentNames: readonly string[], stamp: StampServices): void {
  const asked = parentNames[0] ?? "";
  if (asked.toLowerCase() === stamp.location.toLowerCase()) return;
  throw new ArmError(
    400,
    "NoRegisteredProviderFound",
    `No registered resource provider found for location '${asked}'.`,
  );
}

/** What is asked of a location: sizes, usages, VMs, and who publishes images (nobody: the marketplace is the operator's). */
export function locationTypes(deps: ComputeDeps): ResourceType[] {
  const apiVersions = machineVersions(deps.build);
  const below = (word: string, list: NonNullable<ResourceType["list"]>): ResourceType => ({
    type: `Microsoft.Compute/locations/${word}`,
    apiVersions,
    list: async (call, stamp) => {
      requireHere(call.parentNames, stamp);
      return list(call, stamp);
    },
  });
  return [
    below("vmSizes", async () => listVmSizes()),
    below("publishers", async () => []),
    below("usages", async (call, stamp) =>
      computeUsage(call.subscriptionId, deps, stamp).map((count) => ({
        unit: count.unit,
        currentValue: count.current,
        limit: count.limit,
        name: { value: count.name, localizedValue: count.localizedName },
      })),
    ),
    below("virtualMachines", async (call, stamp) =>
      stamp.resources
        .list("Microsoft.Compute/virtualMachines", `/subscriptions/${call.subscriptionId}`)
        .map((vm) => presentVm(vm, { deps, stamp })),
    ),
    {
      type: "Microsoft.Compute/virtualMachines/vmSizes",
      apiVersions,
      list: async (call, stamp) => {
        if (stamp.resources.get(call.id) === undefined) {
          throw notFound("Microsoft.Compute/virtualMachines", call.parentNames.at(-1) ?? "", call.resourceGroup);
        }
        return listVmSizes();
      },
    },
  ];
}
