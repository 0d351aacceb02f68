import type { PageBlobClient } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStorageFixture, type StorageFixture } from "./testing/storage-fixture.ts";

const GiB = 1024 ** 3;
const compute = "2019-07-01";

let storage: StorageFixture;

beforeAll(async () => {
  storage = await openStorageFixture();
});
afterAll(() => storage[Symbol.asyncDispose]());

const idOf = (path: string): string => `${storage.groupId}/providers/Microsoft.Compute/${path}`;

async function put(path: string, properties: Readonly<Record<string, unknown>>): Promise<void> {
  const reply = await storage.arm.arm("PUT", idOf(path), compute, { location: "east", properties });
  expect((await storage.arm.settle(reply)).body.status).toBe("Succeeded");
}

const makeDisk = (name: string): Promise<void> =>
  put(`disks/${name}`, { creationData: { createOption: "Empty" }, diskSizeGB: 1 });

const snapshot = (name: string, disk: string, incremental: boolean): Promise<void> =>
  put(`snapshots/${name}`, {
    incremental,
    creationData: { createOption: "Copy", sourceResourceId: idOf(`disks/${disk}`) },
  });

async function grant(name: string, version?: string): Promise<PageBlobClient> {
  const body = { access: "Read", durationInSeconds: 600 };
  const reply = await storage.arm.arm("POST", `${idOf(`snapshots/${name}`)}/beginGetAccess`, compute, body);
  const { accessSAS } = (await storage.arm.settle(reply)).body.properties.output;
  return storage.open(accessSAS, version).getPageBlobClient();
}

/** Writes to a disk as its guest would: to the volume under it. */
async function writeAsGuest(disk: string, at: number): Promise<void> {
  const resource = storage.stamp.stamp.services.resources.get(idOf(`disks/${disk}`));
  const volume = storage.pages("east").open(String(resource?.hidden?.["volumeId"]));
  await volume?.write(at, Buffer.alloc(4096, 3));
}

async function changes(newer: PageBlobClient, older: PageBlobClient): Promise<[number, number][]> {
  const found: [number, number][] = [];
  const answer = await newer.getPageRangesDiffForManagedDisks(0, GiB, older.url);
  // This client's `count` is one byte short: offset and count make the inclusive end.
  for (const { offset, count } of answer.pageRange ?? []) found.push([offset, offset + (count ?? 0)]);
  return found;
}

describe("granted snapshots", () => {
  test("show a fixed VHD whose allocated ranges are what the guest wrote, and its footer", async () => {
    await makeDisk("d1");
    await writeAsGuest("d1", 8192);
    await snapshot("s1", "d1", true);
    const blob = await grant("s1");
    expect((await blob.getProperties()).contentLength).toBe(GiB + 512);
    const ranges: [number, number][] = [];
    for await (const range of blob.listPageRanges(0, GiB + 512)) ranges.push([range.start, range.end]);
    expect(ranges).toEqual([
      [8192, 12_287],
      [GiB, GiB + 511],
    ]);
    await expect(blob.uploadPages(Buffer.alloc(512), 0, 512)).rejects.toMatchObject({ statusCode: 403 });
  });

  test("tell exactly what changed between two incremental snapshots of a disk", async () => {
    await makeDisk("d2");
    await writeAsGuest("d2", 0);
    await snapshot("a", "d2", true);
    await writeAsGuest("d2", 1024 * 1024);
    await snapshot("b", "d2", true);
    await writeAsGuest("d2", 2 * 1024 * 1024);
    const [older, newer] = [await grant("a"), await grant("b")];
    expect(await changes(newer, older)).toEqual([[1024 * 1024, 1024 * 1024 + 4095]]);
    await expect(changes(older, newer)).rejects.toMatchObject({ code: "PreviousSnapshotCannotBeNewer" });
  });

  test("refuse to tell changes at an older version, of full snapshots, and across disks", async () => {
    await makeDisk("d3");
    await snapshot("c", "d3", true);
    await snapshot("d", "d3", true);
    await snapshot("full", "d3", false);
    await makeDisk("d4");
    await snapshot("other", "d4", true);
    const older = await grant("c");
    const old = await grant("d", "2019-02-02");
    await expect(changes(old, older)).rejects.toMatchObject({ code: "FeatureVersionMismatch" });
    for (const name of ["full", "other"]) {
      await expect(changes(await grant(name), older)).rejects.toMatchObject({
        code: "PreviousSnapshotOperationNotSupported",
      });
    }
  });

  test("end with endGetAccess", async () => {
    await makeDisk("d5");
    await snapshot("e", "d5", true);
    const blob = await grant("e");
    await storage.arm.settle(await storage.arm.arm("POST", `${idOf("snapshots/e")}/endGetAccess`, compute));
    await expect(blob.getProperties()).rejects.toMatchObject({ statusCode: 403 });
  });
});
