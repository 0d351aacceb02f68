import { expect, test } from "vitest";
import { type ComputeStamp, startComputeStamp } from "./testing/compute-stamp.ts";

const operations = ["delete", "attach", "grow", "read", "write", "snapshot"] as const;
type Operation = (typeof operations)[number];

const grant = (access: string) => ({ access, durationInSeconds: 600 });

async function reach(stamp: ComputeStamp, state: string, disk: string): Promise<void> {
  if (state === "ReadyToUpload" || state === "ActiveUpload") {
    const creationData = { createOption: "Upload", uploadSizeBytes: 20 * 1_048_576 + 512 };
    await stamp.done("PUT", `disks/${disk}`, { location: "east", properties: { creationData } });
  } else {
    await stamp.disk(disk, 1);
  }
  if (state === "ActiveUpload") await stamp.done("POST", `disks/${disk}/beginGetAccess`, grant("Write"));
  if (state === "ActiveSAS") await stamp.done("POST", `disks/${disk}/beginGetAccess`, grant("Read"));
  if (state === "Attached" || state === "Reserved") {
    await stamp.done("PUT", `virtualMachines/vm-${disk}`, await stamp.vmBody(`vm-${disk}`, disk));
  }
  if (state === "Reserved") await stamp.done("POST", `virtualMachines/vm-${disk}/deallocate`);
  expect((await stamp.arm("GET", `disks/${disk}`)).body.properties.diskState).toBe(state);
}

async function attempt(stamp: ComputeStamp, operation: Operation, disk: string): Promise<string> {
  switch (operation) {
    case "delete":
      return stamp.done("DELETE", `disks/${disk}`);
    case "attach":
      return stamp.done("PUT", `virtualMachines/new-${disk}`, await stamp.vmBody(`new-${disk}`, disk));
    case "grow":
      return stamp.done("PATCH", `disks/${disk}`, { properties: { diskSizeGB: 2 } });
    case "read":
      return stamp.done("POST", `disks/${disk}/beginGetAccess`, grant("Read"));
    case "write":
      return stamp.done("POST", `disks/${disk}/beginGetAccess`, grant("Write"));
    case "snapshot":
      return stamp.snapshot(`of-${disk}`, disk);
  }
}

test.each<[string, readonly Operation[]]>([
  ["Unattached", ["delete", "attach", "grow", "read", "snapshot"]],
  ["Attached", ["snapshot"]],
  ["Reserved", ["grow", "read", "snapshot"]],
  ["ActiveSAS", ["read", "snapshot"]],
  ["ReadyToUpload", ["delete", "write"]],
  ["ActiveUpload", ["write"]],
])("a disk in state %s allows %j, and refuses the rest with 409 and no change", async (state, allowed) => {
  await using stamp = await startComputeStamp();
  for (const operation of operations) {
    const disk = `d-${operation}`;
    await reach(stamp, state, disk);
    const before = (await stamp.arm("GET", `disks/${disk}`)).body;
    const outcome = await attempt(stamp, operation, disk);
    if (allowed.includes(operation)) {
      expect(outcome, operation).toBe("Succeeded");
    } else {
      expect(outcome, operation).toMatch(/^409 /);
      expect((await stamp.arm("GET", `disks/${disk}`)).body).toEqual(before);
    }
  }
});
