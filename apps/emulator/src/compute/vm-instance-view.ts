import { presentResource, type StampServices } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import type { Fields } from "./request-fields.ts";
import { bodyKey } from "./vm-body-control.ts";

type Power = "running" | "stopped" | "deallocated";

const status = (code: string, displayStatus: string, time?: string): Fields => ({
  code,
  level: "Info",
  displayStatus,
  ...(time === undefined ? {} : { time }),
});

/** What the VM does now: a guest that shut itself down is stopped, and keeps its place. */
function powerOf(vm: ArmResource, deps: ComputeDeps): Power {
  const power = (vm.hidden?.["power"] ?? "deallocated") as Power;
  return power === "running" && !deps.bodies.isRunning(bodyKey(vm)) ? "stopped" : power;
}

export function instanceView(vm: ArmResource, deps: ComputeDeps, stamp: StampServices): Record<string, unknown> {
  const time = new Date(stamp.now()).toISOString();
  const power = powerOf(vm, deps);
  const provisioning = vm.properties["provisioningState"] as string;
  const storage = vm.properties["storageProfile"] as { osDisk: Fields; dataDisks: Fields[] };
  const extensions = stamp.resources.list("Microsoft.Compute/virtualMachines/extensions", vm.id);
  return {
    platformUpdateDomain: 0,
    platformFaultDomain: vm.hidden?.["faultDomain"] ?? 0,
    ...(power === "running"
      ? {
          vmAgent: {
            vmAgentVersion: "2.2.54",
            statuses: [status("ProvisioningState/succeeded", "Ready", time)],
            extensionHandlers: [],
          },
        }
      : {}),
    disks: [storage.osDisk, ...storage.dataDisks].map((disk) => ({
      name: disk["name"],
      statuses: [status("ProvisioningState/succeeded", "Provisioning succeeded", time)],
    })),
    ...(extensions.length === 0
      ? {}
      : {
          extensions: extensions.map((one) => ({
            name: one.name,
            type: `${one.properties["publisher"]}.${one.properties["type"]}`,
            typeHandlerVersion: one.properties["typeHandlerVersion"],
            statuses: [status("ProvisioningState/succeeded", "Provisioning succeeded")],
          })),
        }),
    statuses: [
      status(`ProvisioningState/${provisioning.toLowerCase()}`, `Provisioning ${provisioning.toLowerCase()}`, time),
      status(`PowerState/${power}`, `VM ${power}`),
    ],
  };
}

function presentVmDisk(disk: Fields, stamp: StampServices): Fields {
  const id = (disk["managedDisk"] as Fields | undefined)?.["id"];
  const found = typeof id === "string" ? stamp.resources.get(id) : undefined;
  if (found === undefined) return disk;
  return {
    ...disk,
    managedDisk: { id: found.id, storageAccountType: found.sku?.["name"] },
    diskSizeGB: found.properties["diskSizeGB"],
  };
}

/** What a GET shows of a VM. */
export function presentVm(
  vm: ArmResource,
  rooms: { readonly deps: ComputeDeps; readonly stamp: StampServices },
  withView = false,
): Record<string, unknown> {
  const { deps, stamp } = rooms;
  const storage = vm.properties["storageProfile"] as { osDisk: Fields; dataDisks: Fields[] };
  const extensions = stamp.resources.list("Microsoft.Compute/virtualMachines/extensions", vm.id);
  return {
    ...presentResource(vm),
    properties: {
      ...vm.properties,
      storageProfile: {
        ...storage,
        osDisk: presentVmDisk(storage.osDisk, stamp),
        dataDisks: storage.dataDisks.map((disk) => presentVmDisk(disk, stamp)),
      },
      ...(withView ? { instanceView: instanceView(vm, deps, stamp) } : {}),
    },
    ...(extensions.length === 0 ? {} : { resources: extensions.map(presentResource) }),
  };
}
