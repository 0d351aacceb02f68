import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { MemoryPageStore } from "./testing/memory-page-store.ts";
import { type ComputeStamp, startComputeStamp, type VmBody } from "./testing/compute-stamp.ts";

/** A stamp with a running VM `vm1` on disks `os` and `data`. */
async function startWithVm(): Promise<ComputeStamp> {
  const stamp = await startComputeStamp();
  await stamp.disk("os");
  await stamp.disk("data");
  const created = await stamp.done("PUT", "virtualMachines/vm1", await stamp.vmBody("vm1", "os", ["data"]));
  expect(created).toBe("Succeeded");
  return stamp;
}

const stateOf = async (stamp: ComputeStamp, disk: string) =>
  (await stamp.arm("GET", `disks/${disk}`)).body.properties.diskState;

test("a VM of attached disks runs, owns its disks and its NIC, and leaves them when it is deleted", async () => {
  await using stamp = await startWithVm();
  const { body: vm } = await stamp.arm("GET", "virtualMachines/vm1?$expand=instanceView");
  expect(vm.properties).toMatchObject({
    provisioningState: "Succeeded",
    hardwareProfile: { vmSize: "Standard_A2_v2" },
  });
  expect(vm.properties.instanceView.statuses.map((one: { code: string }) => one.code)).toEqual([
    "ProvisioningState/succeeded",
    "PowerState/running",
  ]);
  expect(vm.properties.storageProfile.dataDisks[0]).toMatchObject({
    lun: 0,
    diskSizeGB: 4,
    managedDisk: { storageAccountType: "Standard_LRS" },
  });
  const { body: disk } = await stamp.arm("GET", "disks/os");
  expect([disk.managedBy, disk.properties.diskState]).toEqual([vm.id, "Attached"]);
  expect(await stamp.done("DELETE", "disks/os")).toBe("409 OperationNotAllowed");

  expect(await stamp.done("DELETE", "virtualMachines/vm1")).toBe("Succeeded");
  expect(stamp.bodies.isRunning(vm.properties.vmId)).toBe(false);
  expect(await stateOf(stamp, "os")).toBe("Unattached");
  expect(await stamp.done("PUT", "virtualMachines/vm2", await stamp.vmBody("vm1", "os"))).toBe("Succeeded");
});

test("PUT answers 201 with an operation address and a body, then 200", async () => {
  await using stamp = await startComputeStamp();
  await stamp.disk("os");
  const body = await stamp.vmBody("vm1", "os");
  const first = await stamp.arm("PUT", "virtualMachines/vm1", body);
  expect([first.status, first.body.properties.storageProfile.dataDisks]).toEqual([201, []]);
  expect(first.headers["azure-asyncoperation"]).toContain("/locations/east/operations/");
  expect((await stamp.arm("PUT", "virtualMachines/vm1", body)).status).toBe(200);
});

test.each([
  ["powerOff", "PowerState/stopped", "Attached"],
  ["deallocate", "PowerState/deallocated", "Reserved"],
  ["restart", "PowerState/running", "Attached"],
  ["redeploy", "PowerState/running", "Attached"],
])("%s leads to %s and its disks to %s", async (action, power, state) => {
  await using stamp = await startWithVm();
  expect(await stamp.done("POST", `virtualMachines/vm1/${action}`)).toBe("Succeeded");
  expect(await stamp.power("vm1")).toBe(power);
  expect(await stateOf(stamp, "data")).toBe(state);
  expect(await stamp.done("POST", "virtualMachines/vm1/start")).toBe("Succeeded");
  expect(await stamp.power("vm1")).toBe("PowerState/running");
});

test("a disk is read through a SAS only while its VM is deallocated, which then does not start", async () => {
  await using stamp = await startWithVm();
  const read = { access: "Read", durationInSeconds: 60 };
  expect(await stamp.done("POST", "disks/os/beginGetAccess", read)).toBe("409 OperationNotAllowed");
  await stamp.done("POST", "virtualMachines/vm1/deallocate");
  expect(await stamp.done("POST", "disks/os/beginGetAccess", read)).toBe("Succeeded");
  expect(await stamp.done("POST", "virtualMachines/vm1/start")).toBe("409 OperationNotAllowed");
  await stamp.done("POST", "disks/os/endGetAccess");
  expect(await stamp.done("POST", "virtualMachines/vm1/start")).toBe("Succeeded");
});

test("size, OS disk and disk size change only while the VM is deallocated", async () => {
  await using stamp = await startWithVm();
  await stamp.disk("os2");
  const resized = { properties: { hardwareProfile: { vmSize: "Standard_A4_v2" } } };
  const swapped = {
    properties: {
      storageProfile: {
        osDisk: { createOption: "Attach", managedDisk: { id: `${stamp.group}/providers/Microsoft.Compute/disks/os2` } },
      },
    },
  };
  const grown = { properties: { diskSizeGB: 8 } };
  const changes: [string, object][] = [
    ["virtualMachines/vm1", resized],
    ["virtualMachines/vm1", swapped],
    ["disks/data", grown],
  ];
  for (const [path, body] of changes) expect(await stamp.done("PATCH", path, body)).toBe("409 OperationNotAllowed");
  await stamp.done("POST", "virtualMachines/vm1/deallocate");
  for (const [path, body] of changes) expect(await stamp.done("PATCH", path, body)).toBe("Succeeded");
  expect([await stateOf(stamp, "os"), await stateOf(stamp, "os2")]).toEqual(["Unattached", "Reserved"]);
  expect(await stamp.done("POST", "virtualMachines/vm1/start")).toBe("Succeeded");
});

test("a PUT attaches an empty new disk and detaches what it leaves out", async () => {
  await using stamp = await startWithVm();
  const body = await stamp.vmBody("vm1", "os");
  body.properties.storageProfile.dataDisks = [{ lun: 3, createOption: "Empty", diskSizeGB: 2, name: "fresh" }];
  expect(await stamp.done("PUT", "virtualMachines/vm1", body)).toBe("Succeeded");
  expect([await stateOf(stamp, "data"), await stateOf(stamp, "fresh")]).toEqual(["Unattached", "Attached"]);
  expect(await stamp.power("vm1")).toBe("PowerState/running");
});

test.each<[string, string, (properties: VmBody["properties"]) => void]>([
  ["an unknown size", "400 InvalidParameter", (p) => (p["hardwareProfile"].vmSize = "Standard_Z9")],
  ["no NIC", "400 InvalidParameter", (p) => (p["networkProfile"] = {})],
  [
    "a NIC that is not there",
    "400 InvalidResourceReference",
    (p) => (p["networkProfile"].networkInterfaces[0].id += "x"),
  ],
  [
    "a disk that is not there",
    "400 InvalidResourceReference",
    (p) => (p["storageProfile"].osDisk.managedDisk.id += "x"),
  ],
  ["an OS profile for an attached disk", "400 InvalidParameter", (p) => (p["osProfile"] = { computerName: "a" })],
  [
    "an availability set that is not there",
    "400 InvalidResourceReference",
    (p) => (p["availabilitySet"] = { id: "/x" }),
  ],
  ["a property it does not know", "400 BadRequest", (p) => (p["priority"] = "Spot")],
  [
    "the same LUN twice",
    "400 InvalidParameter",
    (p) => (p["storageProfile"].dataDisks = [1, 1].map((lun) => ({ lun, createOption: "Empty", diskSizeGB: 1 }))),
  ],
  [
    "more data disks than its size takes",
    "409 OperationNotAllowed",
    (p) => {
      p["storageProfile"].dataDisks = [0, 1, 2, 3, 4].map((lun) => ({ lun, createOption: "Empty", diskSizeGB: 1 }));
    },
  ],
])("refuses a VM with %s and makes nothing", async (_what, expected, change) => {
  await using stamp = await startComputeStamp();
  await stamp.disk("os");
  const body = await stamp.vmBody("vm1", "os");
  change(body.properties);
  expect(await stamp.done("PUT", "virtualMachines/vm1", body)).toBe(expected);
  expect((await stamp.arm("GET", "virtualMachines")).body.value).toEqual([]);
  expect((await stamp.arm("GET", "disks")).body.value).toHaveLength(1);
});

test("refuses disks and NICs of another VM", async () => {
  await using stamp = await startWithVm();
  await stamp.disk("os2");
  const put = async (nic: string, disk: string) =>
    stamp.done("PUT", "virtualMachines/vm2", await stamp.vmBody(nic, disk));
  expect(await put("vm2", "os")).toBe("409 ConflictingUserInput");
  expect(await put("vm1", "os2")).toBe("400 NicInUse");
  expect(await put("vm2", "os2")).toBe("Succeeded");
});

test("a VM whose boot diagnostics account is gone does not start", async () => {
  await using stamp = await startWithVm();
  await stamp.done("POST", "virtualMachines/vm1/deallocate");
  const bootDiagnostics = { enabled: true, storageUri: "https://gone.blob.east.ash.example/" };
  await stamp.done("PATCH", "virtualMachines/vm1", { properties: { diagnosticsProfile: { bootDiagnostics } } });
  expect(await stamp.done("POST", "virtualMachines/vm1/start")).toBe("Failed StorageAccountNotFound");
  expect(await stamp.power("vm1")).toBe("PowerState/deallocated");
});

test("an unmanaged disk's blob is leased while it is the VM's", async () => {
  await using stamp = await startComputeStamp();
  await stamp.pages.create("blob", 1_048_576 + 512);
  const uri = "https://acct.blob.east.ash.example/vhds/a.vhd";
  stamp.blobs.blobs.set(uri, { volumeId: "blob", contentBytes: 1_048_576 + 512 });
  const body = await stamp.vmBody("vm1", "none");
  body.properties.storageProfile.osDisk = { osType: "Linux", name: "a", createOption: "Attach", vhd: { uri } };
  expect(await stamp.done("PUT", "virtualMachines/vm1", body)).toBe("Succeeded");
  expect([...stamp.blobs.leased]).toEqual([uri]);
  await stamp.done("DELETE", "virtualMachines/vm1");
  expect([...stamp.blobs.leased]).toEqual([]);
});

test("a snapshot of a running VM's disk passes the write barrier, where guest I/O can be stalled", async () => {
  await using stamp = await startWithVm();
  stamp.faults.add({ kind: "stall-guest-io", pattern: "disks/os$", stallMs: 1000, count: 2 });
  expect(await stamp.snapshot("s1", "os")).toBe("Succeeded");
  expect(await stamp.snapshot("s2", "data")).toBe("Succeeded");
  expect(stamp.faults.list().map((entry) => entry.hits)).toEqual([1]);
});

test("VMs that ran are started again after a restart, and others are not", async () => {
  const data = await mkdtemp(join(tmpdir(), "compute-restart-"));
  const pages = new MemoryPageStore();
  {
    await using stamp = await startComputeStamp({ emulator: { data }, pages });
    for (const name of ["on", "off"]) {
      await stamp.disk(`${name}-os`);
      await stamp.done("PUT", `virtualMachines/${name}`, await stamp.vmBody(name, `${name}-os`));
    }
    await stamp.done("POST", "virtualMachines/off/powerOff");
  }
  {
    await using stamp = await startComputeStamp({ emulator: { data }, pages });
    expect([await stamp.power("on"), await stamp.power("off")]).toEqual(["PowerState/running", "PowerState/stopped"]);
    const { body } = await stamp.arm("GET", "virtualMachines/on");
    expect(stamp.bodies.isRunning(body.properties.vmId)).toBe(true);
  }
  await rm(data, { recursive: true });
});

test("VMs of a lost node run on others", async () => {
  await using stamp = await startWithVm();
  stamp.faults.add({ kind: "lose-node", node: 0 });
  await vi.waitFor(async () => expect(await stamp.power("vm1")).toBe("PowerState/running"));
  await stamp.done("POST", "virtualMachines/vm1/restart");
  expect(await stamp.power("vm1")).toBe("PowerState/running");
});

test("a VM whose creation failed runs after it is put again", async () => {
  await using stamp = await startComputeStamp();
  await stamp.disk("os");
  stamp.faults.add({ kind: "fail-operation", pattern: "compute.vm.put", count: 1 });
  const body = await stamp.vmBody("vm1", "os");
  expect(await stamp.done("PUT", "virtualMachines/vm1", body)).toBe("Failed InternalExecutionError");
  expect((await stamp.arm("GET", "virtualMachines/vm1")).body.properties.provisioningState).toBe("Failed");
  expect(await stamp.power("vm1")).toBe("PowerState/deallocated");
  expect(await stamp.done("PUT", "virtualMachines/vm1", body)).toBe("Succeeded");
  expect(await stamp.power("vm1")).toBe("PowerState/running");
});
