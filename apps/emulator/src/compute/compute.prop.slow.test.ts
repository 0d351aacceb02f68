import fc from "fast-check";
import { expect, test } from "vitest";
import { type ComputeStamp, startComputeStamp } from "./testing/compute-stamp.ts";

const name = fc.constantFrom("a", "b", "c");
type Step = readonly [
  (
    | "disk"
    | "snapshot"
    | "grant"
    | "revoke"
    | "dropDisk"
    | "dropSnapshot"
    | "grow"
    | "vm"
    | "dropVm"
    | "deallocate"
    | "start"
    | "copy"
  ),
  string,
  string,
];
const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom(
    ...([
      "disk",
      "disk",
      "snapshot",
      "grant",
      "revoke",
      "dropDisk",
      "dropSnapshot",
      "grow",
      "vm",
      "vm",
      "dropVm",
      "deallocate",
      "start",
      "copy",
    ] as const),
  ),
  name,
  name,
);

async function take(stamp: ComputeStamp, [kind, one, other]: Step): Promise<string> {
  const id = (path: string) => `${stamp.group}/providers/Microsoft.Compute/${path}`;
  const read = { access: "Read", durationInSeconds: 600 };
  switch (kind) {
    case "disk":
      return stamp.disk(one, 2);
    case "snapshot":
      return stamp.snapshot(one, other);
    case "grant":
      return stamp.done("POST", `disks/${one}/beginGetAccess`, read);
    case "revoke":
      return stamp.done("POST", `disks/${one}/endGetAccess`);
    case "dropDisk":
      return stamp.done("DELETE", `disks/${one}`);
    case "dropSnapshot":
      return stamp.done("DELETE", `snapshots/${one}`);
    case "grow":
      return stamp.done("PATCH", `disks/${one}`, { properties: { diskSizeGB: 3 } });
    case "vm":
      return stamp.done("PUT", `virtualMachines/${one}`, await stamp.vmBody(one, other));
    case "dropVm":
      return stamp.done("DELETE", `virtualMachines/${one}`);
    case "deallocate":
      return stamp.done("POST", `virtualMachines/${one}/deallocate`);
    case "start":
      return stamp.done("POST", `virtualMachines/${one}/start`);
    case "copy": {
      const creationData = { createOption: "Copy", sourceResourceId: id(`snapshots/${other}`) };
      return stamp.done("PUT", `disks/${one}`, { location: "east", properties: { creationData } });
    }
  }
}

interface Shown {
  readonly id: string;
  readonly managedBy?: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

async function list(stamp: ComputeStamp, type: string): Promise<Shown[]> {
  return (await stamp.arm("GET", type)).body.value;
}

/** What must hold whatever was done, and whether it was allowed. */
async function checkInvariants(stamp: ComputeStamp): Promise<void> {
  const [disks, snapshots, vms] = [
    await list(stamp, "disks"),
    await list(stamp, "snapshots"),
    await list(stamp, "virtualMachines"),
  ];
  const owned = new Map<string, string>();
  for (const vm of vms) {
    const { osDisk } = vm.properties["storageProfile"] as { osDisk: { managedDisk: { id: string } } };
    expect(owned.has(osDisk.managedDisk.id)).toBe(false);
    owned.set(osDisk.managedDisk.id, vm.id);
  }
  for (const id of owned.keys()) expect(disks.map((disk) => disk.id)).toContain(id);
  for (const disk of disks) {
    expect(disk.managedBy).toBe(owned.get(disk.id));
    const isOwned = ["Attached", "Reserved"].includes(disk.properties["diskState"] as string);
    if (isOwned) expect(disk.managedBy).toBeDefined();
    if (disk.properties["diskState"] === "Unattached") expect(disk.managedBy).toBeUndefined();
    expect(disk.properties["provisioningState"]).toBe("Succeeded");
  }
  for (const snapshot of snapshots) expect(snapshot.properties["provisioningState"]).toBe("Succeeded");
  const usages = await stamp.arm("GET", `${stamp.subscription}/providers/Microsoft.Compute/locations/east/usages`);
  const used = usages.body.value.find((one: { name: { value: string } }) => one.name.value === "StandardDiskSizeInGB");
  const allocated = disks.reduce((sum, disk) => sum + (disk.properties["diskSizeGB"] as number), 0);
  // All snapshots together hold a few pages: a fraction of one GB.
  expect(used.currentValue).toBe(allocated + (snapshots.length > 0 ? 1 : 0));
}

test("whatever is done to disks, snapshots and VMs, they agree with each other and with the quota", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      await using stamp = await startComputeStamp();
      for (const one of ["a", "b", "c"]) await stamp.disk(one, 2);
      for (const one of steps) expect(await take(stamp, one)).toMatch(/^(?:Succeeded|2\d\d|4\d\d \w+)$/);
      await checkInvariants(stamp);
      stamp.clock.ms += 3_600_000;
      for (const type of ["virtualMachines", "disks", "snapshots"]) {
        for (const one of await list(stamp, type)) expect(await stamp.done("DELETE", one.id)).toBe("Succeeded");
      }
      expect(stamp.pages.ids).toEqual([]);
    }),
    { numRuns: 15 },
  );
}, 60_000);
