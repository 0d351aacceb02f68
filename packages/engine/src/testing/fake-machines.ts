import { armId } from "@holdfast/domain";
import type { PowerState, VmConfiguration, VmDisk } from "@holdfast/domain";
import type { Stamp } from "../ports/stamp.ts";
import { conflict } from "./fake-stamp-objects.ts";
import type { FakeStampObjects } from "./fake-stamp-objects.ts";

type Machines = Pick<
  Stamp,
  "readVm" | "createNic" | "deleteNic" | "createVm" | "deleteVm" | "startVm" | "deallocateVm" | "readPowerState"
>;

/** VMs and their network interfaces. */
export function fakeMachines(objects: FakeStampObjects): Machines {
  const { nics, subscriptionId, vms } = objects;
  const find = (vmId: string): VmConfiguration => objects.have(vms.get(vmId.toLowerCase()), vmId);
  const setPower = (vmId: string, powerState: PowerState): void =>
    void vms.set(vmId.toLowerCase(), { ...find(vmId), powerState });
  return {
    async readVm(vmId, options = {}) {
      options.signal?.throwIfAborted();
      return find(vmId);
    },
    async createNic(wanted) {
      const place = { subscriptionId, resourceGroup: wanted.resourceGroup };
      const id = armId(place, "Microsoft.Network/networkInterfaces", wanted.name);
      nics.set(id.toLowerCase(), wanted);
      return { id };
    },
    async deleteNic(nicId) {
      nics.delete(nicId.toLowerCase());
    },
    async createVm(wanted) {
      const place = { subscriptionId, resourceGroup: wanted.resourceGroup };
      const id = armId(place, "Microsoft.Compute/virtualMachines", wanted.name);
      if (vms.has(id.toLowerCase())) throw conflict(`VM ${id} exists`);
      const attached = [{ ...wanted.osDisk, lun: null }, ...wanted.dataDisks];
      const disks = attached.map(({ diskId, lun, caching }): VmDisk => {
        const disk = objects.have(objects.disks.get(diskId.toLowerCase()), diskId);
        const backing = { kind: "managed", diskId: disk.id, uniqueId: disk.uniqueId, sku: disk.sku } as const;
        return {
          name: disk.name,
          role: lun === null ? "os" : "data",
          lun,
          caching,
          sizeBytes: disk.sizeBytes,
          backing,
        };
      });
      const vm: VmConfiguration = {
        ...wanted,
        ...place,
        id,
        vmId: objects.unique(),
        location: objects.location,
        powerState: "running",
        disks,
        nics: [],
        scaleSetId: null,
        extensions: [],
      };
      vms.set(id.toLowerCase(), vm);
      return vm;
    },
    async deleteVm(vmId) {
      vms.delete(vmId.toLowerCase());
    },
    startVm: async (vmId) => setPower(vmId, "running"),
    deallocateVm: async (vmId) => setPower(vmId, "deallocated"),
    readPowerState: async (vmId) => find(vmId).powerState,
  };
}
