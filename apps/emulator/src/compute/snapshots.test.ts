import { expect, test } from "vitest";
import { startComputeStamp } from "./testing/compute-stamp.ts";

test("an incremental snapshot belongs to the family of its disk and outlives it", async () => {
  await using stamp = await startComputeStamp();
  await stamp.disk("d1");
  expect(await stamp.snapshot("s1", "d1")).toBe("Succeeded");
  const disk = (await stamp.arm("GET", "disks/d1")).body;
  const { body } = await stamp.arm("GET", "snapshots/s1");
  expect(body.properties).toMatchObject({
    incremental: true,
    provisioningState: "Succeeded",
    creationData: { sourceResourceId: disk.id, sourceUniqueId: disk.properties.uniqueId },
  });
  expect(body.properties).not.toHaveProperty("diskState");
  expect(await stamp.done("DELETE", "disks/d1")).toBe("Succeeded");
  expect(stamp.pages.ids).toHaveLength(1);
  const copy = { location: "east", properties: { creationData: { createOption: "Copy", sourceResourceId: body.id } } };
  expect(await stamp.done("PUT", "disks/d2", copy)).toBe("Succeeded");
  expect(await stamp.done("DELETE", "snapshots/s1")).toBe("Succeeded");
  expect(stamp.pages.ids).toHaveLength(1);
});

test("grants carry the family of incremental snapshots and none of full ones", async () => {
  await using stamp = await startComputeStamp();
  await stamp.disk("d1");
  await stamp.snapshot("s1", "d1");
  await stamp.snapshot("s2", "d1", false);
  const read = { access: "Read", durationInSeconds: 60 };
  for (const name of ["s1", "s2"]) await stamp.done("POST", `snapshots/${name}/beginGetAccess`, read);
  const unique = (await stamp.arm("GET", "disks/d1")).body.properties.uniqueId;
  expect([...stamp.access.grants.values()].map((grant) => grant.family)).toEqual([unique, undefined]);
  expect(await stamp.done("DELETE", "snapshots/s1")).toBe("409 OperationNotAllowed");
  await stamp.done("POST", "snapshots/s1/endGetAccess");
  expect(await stamp.done("DELETE", "snapshots/s1")).toBe("Succeeded");
});

test("no more than seven in five minutes, and access to no more than five of a family", async () => {
  await using stamp = await startComputeStamp();
  await stamp.disk("d1");
  const read = { access: "Read", durationInSeconds: 3600 };
  for (let number = 1; number <= 7; number += 1) expect(await stamp.snapshot(`s${number}`, "d1")).toBe("Succeeded");
  expect(await stamp.snapshot("s8", "d1")).toBe("409 OperationNotAllowed");
  stamp.clock.ms += 5 * 60_000 + 1;
  expect(await stamp.snapshot("s8", "d1")).toBe("Succeeded");
  for (let number = 1; number <= 5; number += 1) {
    expect(await stamp.done("POST", `snapshots/s${number}/beginGetAccess`, read)).toBe("Succeeded");
  }
  expect(await stamp.done("POST", "snapshots/s6/beginGetAccess", read)).toBe("409 OperationNotAllowed");
});

test.each([
  [2506, "Succeeded", true],
  [2102, "Succeeded", false],
])("build %i answers an incremental snapshot with %s, incremental: %s", async (build, expected, incremental) => {
  await using stamp = await startComputeStamp({ build });
  await stamp.disk("d1");
  expect(await stamp.snapshot("s1", "d1")).toBe(expected);
  expect((await stamp.arm("GET", "snapshots/s1")).body.properties.incremental).toBe(incremental);
});

test("quota counts what snapshots use, not their disks' size", async () => {
  await using stamp = await startComputeStamp({ quotas: { StandardDiskSizeInGB: 8 } });
  await stamp.disk("d1", 7);
  expect(await stamp.snapshot("s1", "d1", false)).toBe("Succeeded");
  expect(await stamp.disk("d2", 1)).toMatch(/^409/);
  await stamp.done("DELETE", "snapshots/s1");
  expect(await stamp.disk("d2", 1)).toBe("Succeeded");
});

test("what a deleted snapshot held for the next one counts for that one", async () => {
  await using stamp = await startComputeStamp({ quotas: { StandardDiskSizeInGB: 8 } });
  await stamp.disk("d1", 7);
  for (const name of ["s1", "s2", "s3"]) expect(await stamp.snapshot(name, "d1")).toBe("Succeeded");
  for (const name of ["s2", "s1"]) {
    expect(await stamp.done("DELETE", `snapshots/${name}`)).toBe("Succeeded");
    expect(await stamp.disk("d2", 1)).toMatch(/^409/);
  }
  await stamp.done("DELETE", "snapshots/s3");
  expect(await stamp.disk("d2", 1)).toBe("Succeeded");
});

test("a snapshot of nothing is refused and leaves nothing", async () => {
  await using stamp = await startComputeStamp();
  expect(await stamp.snapshot("s1", "none")).toBe("400 InvalidResourceReference");
  expect((await stamp.arm("GET", "snapshots")).body.value).toEqual([]);
});

test("a snapshot whose operation failed can be made again, and deleted", async () => {
  await using stamp = await startComputeStamp();
  await stamp.disk("d1");
  stamp.faults.add({ kind: "fail-operation", pattern: "compute.snapshot.create", count: 1 });
  expect(await stamp.snapshot("s1", "d1")).toBe("Failed InternalExecutionError");
  expect((await stamp.arm("GET", "snapshots/s1")).body.properties.provisioningState).toBe("Failed");
  expect(await stamp.snapshot("s1", "d1")).toBe("Succeeded");
  expect(await stamp.done("DELETE", "snapshots/s1")).toBe("Succeeded");
  expect(await stamp.done("DELETE", "disks/d1")).toBe("Succeeded");
  expect(stamp.pages.ids).toEqual([]);
});
