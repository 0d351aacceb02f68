import { expect, test } from "vitest";
import { startComputeStamp } from "./testing/compute-stamp.ts";
import { createVhdFooter, findVhdFault } from "./vhd-footer.ts";

const MiB = 1_048_576;

test("a new empty disk is a fixed VHD of its size, unattached and zero but for the footer", async () => {
  await using stamp = await startComputeStamp();
  expect(await stamp.disk("d1", 4)).toBe("Succeeded");
  const { body } = await stamp.arm("GET", "disks/d1");
  expect(body.properties).toMatchObject({
    diskState: "Unattached",
    provisioningState: "Succeeded",
    diskSizeGB: 4,
    diskSizeBytes: 4 * 1024 * MiB,
  });
  expect(body).not.toHaveProperty("hidden");
  expect(body).not.toHaveProperty("managedBy");
  const volume = stamp.pages.open(stamp.pages.ids[0] ?? "");
  const footer = Buffer.alloc(512);
  await volume?.read(4 * 1024 * MiB, footer);
  expect(findVhdFault(footer, 4 * 1024 * MiB + 512)).toBeUndefined();
  expect(volume?.listWritten()).toEqual([{ start: 4 * 1024 * MiB, end: 4 * 1024 * MiB + 512 }]);
});

test.each([
  ["a network access policy", { networkAccessPolicy: "AllowAll" }, "400 BadRequest"],
  ["public network access", { publicNetworkAccess: "Enabled" }, "400 BadRequest"],
  ["shares", { maxShares: 2 }, "400 BadRequest"],
  ["a second generation", { hyperVGeneration: "V2" }, "400 InvalidParameter"],
  ["an encryption set", { encryption: { diskEncryptionSetId: "/x" } }, "400 InvalidParameter"],
  ["more than 1023 GB", { diskSizeGB: 1024 }, "400 InvalidParameter"],
  ["no size", { diskSizeGB: null }, "400 InvalidParameter"],
  ["a strange option", { creationData: { createOption: "Conjure" } }, "400 InvalidParameter"],
])("refuses a disk with %s", async (_what, properties, expected) => {
  await using stamp = await startComputeStamp();
  expect(await stamp.disk("d1", 4, properties)).toBe(expected);
  expect((await stamp.arm("GET", "disks/d1")).status).toBe(404);
});

test("refuses SKUs, zones, places and names that the platform has not", async () => {
  await using stamp = await startComputeStamp();
  const properties = { creationData: { createOption: "Empty" }, diskSizeGB: 1 };
  const put = (name: string, body: object) =>
    stamp.done("PUT", `disks/${name}`, { location: "east", properties, ...body });
  expect(await put("d1", { sku: { name: "StandardSSD_LRS" } })).toBe("400 InvalidParameter");
  expect(await put("d1", { zones: ["1"] })).toBe("400 BadRequest");
  expect(await put("d1", { location: "north" })).toBe("400 InvalidParameter");
  expect(await put("d1-", {})).toBe("400 InvalidParameter");
  expect(await put("d".repeat(81), {})).toBe("400 InvalidParameter");
});

test("imports a fixed VHD with its exact bytes, and refuses a damaged one", async () => {
  await using stamp = await startComputeStamp();
  const guestBytes = 3 * MiB;
  const blob = await stamp.pages.create("blob", guestBytes + 512);
  await blob.write(MiB, Buffer.alloc(512, 7));
  const footer = createVhdFooter({ guestBytes, uniqueId: "00000000-0000-4000-8000-000000000001", nowMs: 1.8e12 });
  await blob.write(guestBytes, footer);
  const uri = "https://acct.blob.east.ash.example/c/a.vhd";
  stamp.blobs.blobs.set(uri, { volumeId: "blob", contentBytes: guestBytes + 512 });
  const body = {
    location: "east",
    properties: { creationData: { createOption: "Import", sourceUri: `${uri}?sig=secret` } },
  };

  expect(await stamp.done("PUT", "disks/d1", body)).toBe("Succeeded");
  const disk = (await stamp.arm("GET", "disks/d1")).body.properties;
  expect([disk.diskSizeBytes, disk.diskSizeGB, disk.creationData.sourceUri]).toEqual([guestBytes, 1, uri]);
  const copy = stamp.pages.open(stamp.pages.ids.find((id) => id !== "blob") ?? "");
  const page = Buffer.alloc(512);
  await copy?.read(MiB, page);
  expect(page).toEqual(Buffer.alloc(512, 7));

  footer[100] = 1;
  await blob.write(guestBytes, footer);
  expect(await stamp.done("PUT", "disks/d2", body)).toBe("400 InvalidVhd");
});

test("grows a disk and moves its footer, and never shrinks one", async () => {
  await using stamp = await startComputeStamp();
  await stamp.disk("d1", 2);
  const first = (await stamp.arm("GET", "disks/d1")).body.properties.uniqueId;
  expect(await stamp.done("PATCH", "disks/d1", { properties: { diskSizeGB: 3 } })).toBe("Succeeded");
  const grown = (await stamp.arm("GET", "disks/d1")).body.properties;
  expect([grown.diskSizeGB, grown.uniqueId]).toEqual([3, first]);
  const volume = stamp.pages.open(stamp.pages.ids[0] ?? "");
  expect(volume?.listWritten()).toEqual([{ start: 3 * 1024 * MiB, end: 3 * 1024 * MiB + 512 }]);
  expect(await stamp.done("PATCH", "disks/d1", { properties: { diskSizeGB: 2 } })).toBe("400 InvalidParameter");
});

test("a grant shows in both shapes, holds the disk, and ends", async () => {
  await using stamp = await startComputeStamp();
  await stamp.disk("d1");
  const begun = await stamp.arm("POST", "disks/d1/beginGetAccess", { access: "Read", durationInSeconds: 60 });
  expect(begun.status).toBe(202);
  expect(await stamp.done("POST", "disks/d1/beginGetAccess", { access: "Read", durationInSeconds: 60 })).toBe(
    "Succeeded",
  );
  expect((await stamp.arm("GET", "disks/d1")).body.properties.diskState).toBe("ActiveSAS");
  expect(await stamp.done("DELETE", "disks/d1")).toBe("409 OperationNotAllowed");
  expect(await stamp.done("PATCH", "disks/d1", { properties: { diskSizeGB: 8 } })).toBe("409 OperationNotAllowed");
  expect(await stamp.done("POST", "disks/d1/endGetAccess")).toBe("Succeeded");
  expect(await stamp.done("DELETE", "disks/d1")).toBe("Succeeded");
  expect(stamp.pages.ids).toEqual([]);
});

test("a grant that ran out holds nothing", async () => {
  await using stamp = await startComputeStamp();
  await stamp.disk("d1");
  await stamp.done("POST", "disks/d1/beginGetAccess", { access: "Read", durationInSeconds: 60 });
  stamp.clock.ms += 61_000;
  expect((await stamp.arm("GET", "disks/d1")).body.properties.diskState).toBe("Unattached");
  expect(await stamp.done("DELETE", "disks/d1")).toBe("Succeeded");
});

test("an upload goes from ReadyToUpload over ActiveUpload to Unattached", async () => {
  await using stamp = await startComputeStamp();
  const creationData = { createOption: "Upload", uploadSizeBytes: 32 * MiB + 512 };
  const state = async () => (await stamp.arm("GET", "disks/d1")).body.properties.diskState;
  expect(await stamp.done("PUT", "disks/d1", { location: "east", properties: { creationData } })).toBe("Succeeded");
  expect(await state()).toBe("ReadyToUpload");
  const read = { access: "Read", durationInSeconds: 60 };
  expect(await stamp.done("POST", "disks/d1/beginGetAccess", read)).toBe("409 OperationNotAllowed");
  expect(await stamp.done("POST", "disks/d1/beginGetAccess", { ...read, access: "Write" })).toBe("Succeeded");
  expect(await state()).toBe("ActiveUpload");
  await stamp.done("POST", "disks/d1/endGetAccess");
  expect(await state()).toBe("Unattached");
});

test("quota counts allocated disks of one SKU", async () => {
  await using stamp = await startComputeStamp({ quotas: { StandardDiskSizeInGB: 10 } });
  expect(await stamp.disk("d1", 6)).toBe("Succeeded");
  expect(await stamp.disk("d2", 6)).toMatch(/^409/);
  expect(await stamp.disk("d2", 4)).toBe("Succeeded");
});

test("old builds do not serve the newer versions", async () => {
  await using stamp = await startComputeStamp({ build: 2008 });
  expect((await stamp.arm("GET", "disks/d1", undefined, "2019-07-01")).body.error.code).toBe(
    "NoRegisteredProviderFound",
  );
  expect((await stamp.arm("GET", "disks/d1", undefined, "2019-03-01")).status).toBe(404);
});
