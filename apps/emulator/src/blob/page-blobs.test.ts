import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { BlobSASPermissions, type ContainerClient, type PageBlobClient } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStorageFixture, type StorageFixture } from "./testing/storage-fixture.ts";

const KiB = 1024;

let storage: StorageFixture;
let container: ContainerClient;
let lastNumber = 0;

beforeAll(async () => {
  storage = await openStorageFixture();
  container = storage.service.getContainerClient("pages");
  await container.create();
});
afterAll(() => storage[Symbol.asyncDispose]());

async function makeBlob(sizeBytes = 64 * KiB): Promise<PageBlobClient> {
  lastNumber += 1;
  const blob = container.getPageBlobClient(`blob${lastNumber}.vhd`);
  await blob.create(sizeBytes);
  return blob;
}

const put = (blob: PageBlobClient, at: number, length = 512): Promise<unknown> =>
  blob.uploadPages(Buffer.alloc(length, 1 + (at % 200)), at, length);

type Span = readonly [start: number, endInclusive: number];

/** Ranges as on the wire: both ends inclusive. */
async function rangesOf(blob: PageBlobClient, window: readonly [number, number] = [0, 64 * KiB]): Promise<Span[]> {
  const found: Span[] = [];
  for await (const range of blob.listPageRanges(window[0], window[1])) found.push([range.start, range.end]);
  return found;
}

async function changesOf(
  blob: PageBlobClient,
  since: string,
): Promise<{ readonly written: Span[]; readonly cleared: Span[] }> {
  const written: Span[] = [];
  const cleared: Span[] = [];
  for await (const range of blob.listPageRangesDiff(0, 64 * KiB, since)) {
    (range.isClear ? cleared : written).push([range.start, range.end]);
  }
  return { written, cleared };
}

describe("page blobs", () => {
  test("tell the pages that were written, and forget those that were cleared", async () => {
    const blob = await makeBlob();
    await put(blob, 0, 1024);
    await put(blob, 4096);
    await blob.clearPages(512, 512);
    expect(await rangesOf(blob)).toEqual([
      [0, 511],
      [4096, 4607],
    ]);
    expect(await rangesOf(blob, [4096, 60 * KiB])).toEqual([[4096, 4607]]);
  });

  test("give back what was written, and zeros elsewhere", async () => {
    const blob = await makeBlob();
    const data = randomBytes(2048);
    await blob.uploadPages(data, 1024, 2048);
    const found = await blob.downloadToBuffer(0, 4096);
    expect(found).toEqual(Buffer.concat([Buffer.alloc(1024), data, Buffer.alloc(1024)]));
  });

  test("list exactly what changed since a snapshot, also between two snapshots", async () => {
    const blob = await makeBlob();
    await put(blob, 0, 4096);
    const first = (await blob.createSnapshot()).snapshot!;
    await put(blob, 8192);
    await blob.clearPages(512, 512);
    await blob.clearPages(32 * KiB, 512);
    const second = (await blob.createSnapshot()).snapshot!;
    await put(blob, 16 * KiB);
    expect(await changesOf(blob.withSnapshot(second), first)).toEqual({
      written: [[8192, 8703]],
      cleared: [[512, 1023]],
    });
    expect(await changesOf(blob, second)).toEqual({ written: [[16 * KiB, 16 * KiB + 511]], cleared: [] });
    expect(await changesOf(blob, first)).toEqual({
      written: [
        [8192, 8703],
        [16 * KiB, 16 * KiB + 511],
      ],
      cleared: [[512, 1023]],
    });
    await expect(changesOf(blob.withSnapshot(first), second)).rejects.toMatchObject({
      code: "PreviousSnapshotCannotBeNewer",
    });
    await expect(changesOf(blob, "2020-01-01T00:00:00.0000000Z")).rejects.toMatchObject({ statusCode: 409 });
  });

  test("keep a snapshot as it was while the blob goes on, and refuse writes to it", async () => {
    const blob = await makeBlob();
    await put(blob, 0);
    const before = await blob.downloadToBuffer(0, 512);
    const { snapshot } = await blob.createSnapshot();
    await blob.uploadPages(Buffer.alloc(512, 0xee), 0, 512);
    const frozen = blob.withSnapshot(snapshot!);
    expect(await frozen.downloadToBuffer(0, 512)).toEqual(before);
    await expect(put(frozen, 0)).rejects.toMatchObject({ statusCode: 400 });
    await expect(blob.delete()).rejects.toMatchObject({ code: "SnapshotsPresent" });
    await blob.delete({ deleteSnapshots: "only" });
    expect((await blob.downloadToBuffer(0, 512))[0]).toBe(0xee);
    await blob.delete({ deleteSnapshots: "include" });
    expect(await blob.exists()).toBe(false);
  });

  test.each([
    ["a page that is not aligned", 100, 512],
    ["a length that is not whole pages", 0, 100],
    ["a page past the end", 64 * KiB, 512],
  ])("refuse %s", async (_what, at, length) => {
    const blob = await makeBlob();
    await expect(blob.uploadPages(Buffer.alloc(length), at, length)).rejects.toMatchObject({ statusCode: 416 });
    expect(await rangesOf(blob)).toEqual([]);
  });

  test("refuse more than 4 MiB in one write", async () => {
    const blob = await makeBlob(16 * 1024 * KiB);
    const tooLong = 4 * 1024 * KiB + 512;
    await expect(blob.uploadPages(Buffer.alloc(tooLong), 0, tooLong)).rejects.toMatchObject({ statusCode: 413 });
    await blob.uploadPages(Buffer.alloc(4 * 1024 * KiB, 7), 0, 4 * 1024 * KiB);
  });

  test("refuse a checksum that is not the content's", async () => {
    const blob = await makeBlob();
    const wrong = { transactionalContentMD5: new Uint8Array(16) };
    await expect(blob.uploadPages(Buffer.alloc(512, 1), 0, 512, wrong)).rejects.toMatchObject({ code: "Md5Mismatch" });
    expect(await rangesOf(blob)).toEqual([]);
  });

  test("answer 416 to a range past the end, and 404 for what is not there", async () => {
    const blob = await makeBlob();
    await expect(blob.download(64 * KiB, 512)).rejects.toMatchObject({ statusCode: 416 });
    await expect(container.getPageBlobClient("none").getProperties()).rejects.toMatchObject({ statusCode: 404 });
    const elsewhere = storage.service.getContainerClient("none").getPageBlobClient("none");
    await expect(elsewhere.create(512)).rejects.toMatchObject({ code: "ContainerNotFound" });
  });

  test("hold writers to conditions and sequence numbers", async () => {
    const blob = await makeBlob();
    const { etag } = await blob.getProperties();
    await put(blob, 0);
    const stale = { conditions: { ifMatch: etag! } };
    await expect(blob.uploadPages(Buffer.alloc(512), 0, 512, stale)).rejects.toMatchObject({ code: "ConditionNotMet" });
    await blob.updateSequenceNumber("update", 7);
    const low = { conditions: { ifSequenceNumberLessThan: 7 } };
    await expect(blob.uploadPages(Buffer.alloc(512), 0, 512, low)).rejects.toMatchObject({
      code: "SequenceNumberConditionNotMet",
    });
    await blob.uploadPages(Buffer.alloc(512, 9), 0, 512, { conditions: { ifSequenceNumberEqualTo: 7 } });
    await expect(blob.create(512, { conditions: { ifNoneMatch: "*" } })).rejects.toMatchObject({ statusCode: 409 });
    const unchanged = blob.download(0, 512, { conditions: { ifNoneMatch: (await blob.getProperties()).etag! } });
    await expect(unchanged).rejects.toMatchObject({ statusCode: 304 });
  });

  test("grow and shrink, losing what lies past the end", async () => {
    const blob = await makeBlob();
    await put(blob, 32 * KiB);
    await blob.resize(16 * KiB);
    await blob.resize(64 * KiB);
    expect(await rangesOf(blob)).toEqual([]);
    expect((await blob.downloadToBuffer(32 * KiB, 512)).every((byte) => byte === 0)).toBe(true);
  });

  test("copy with their snapshots' content on the same stamp", async () => {
    const blob = await makeBlob();
    await put(blob, 512);
    const { snapshot } = await blob.createSnapshot();
    await put(blob, 1024);
    const copy = container.getPageBlobClient(`copy${lastNumber}.vhd`);
    const poller = await copy.beginCopyFromURL(blob.withSnapshot(snapshot!).url);
    expect((await poller.pollUntilDone()).copyStatus).toBe("success");
    expect(await rangesOf(copy)).toEqual([[512, 1023]]);
  });

  test("are written under a lease only by its holder", async () => {
    const blob = await makeBlob();
    const lease = blob.getBlobLeaseClient();
    const { leaseId } = await lease.acquireLease(-1);
    await expect(put(blob, 0)).rejects.toMatchObject({ code: "LeaseIdMissing" });
    await blob.uploadPages(Buffer.alloc(512), 0, 512, { conditions: { leaseId: leaseId! } });
    await expect(blob.getBlobLeaseClient().acquireLease(15)).rejects.toMatchObject({ code: "LeaseAlreadyPresent" });
    const { leaseState, leaseDuration } = await blob.getProperties();
    expect([leaseState, leaseDuration]).toEqual(["leased", "infinite"]);
    await lease.renewLease();
    await lease.breakLease(0);
    expect((await blob.getProperties()).leaseState).toBe("broken");
    await put(blob, 0);
  });

  test("let a breaking lease be neither acquired nor changed, and a broken one be broken again and released", async () => {
    const blob = await makeBlob();
    const lease = blob.getBlobLeaseClient();
    const { leaseId } = await lease.acquireLease(60);
    expect((await lease.breakLease(20)).leaseTime).toBe(20);
    await expect(blob.getBlobLeaseClient(leaseId!).acquireLease(60)).rejects.toMatchObject({
      code: "LeaseIsBreakingAndCannotBeAcquired",
    });
    await expect(lease.changeLease("22222222-2222-4222-8222-222222222222")).rejects.toMatchObject({
      code: "LeaseIsBreakingAndCannotBeChanged",
    });
    await lease.breakLease(0);
    expect((await lease.breakLease(0)).leaseTime).toBe(0);
    expect((await blob.getProperties()).leaseState).toBe("broken");
    await expect(blob.getBlobLeaseClient(leaseId!).renewLease()).rejects.toMatchObject({ statusCode: 409 });
    await blob.getBlobLeaseClient(leaseId!).releaseLease();
    expect((await blob.getProperties()).leaseState).toBe("available");
  });

  test("answer Range and x-ms-range alike, heads without a body, and 304 where nothing changed", async () => {
    const blob = await makeBlob(4096);
    await put(blob, 512);
    const permissions = BlobSASPermissions.parse("r");
    const expiresOn = new Date(storage.stamp.stamp.services.now() + 3_600_000);
    const address = await blob.generateSasUrl({ version: "2019-07-07", permissions, expiresOn });
    const { pathname, search, host } = new URL(address);
    const ask = async (method: string, headers: Record<string, string>) => {
      const all = { host, "x-ms-version": "2019-07-07", ...headers };
      const sent = request(`${storage.stamp.plainStorageUrl}${pathname}${search}`, { method, headers: all }).end();
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      const body = await buffer(answer);
      const { "content-range": range, "content-length": length, etag } = answer.headers;
      return { status: answer.statusCode, range, length, etag, first: body[0], size: body.length };
    };
    const part = { status: 206, range: "bytes 512-1023/4096", length: "512", size: 512 };
    expect(await ask("GET", { range: "bytes=512-1023" })).toMatchObject(part);
    expect(await ask("GET", { "x-ms-range": "bytes=512-1023", range: "bytes=0-1" })).toMatchObject(part);
    const tail = { status: 206, range: "bytes 4000-4095/4096", size: 96 };
    expect(await ask("GET", { range: "bytes=4000-" })).toMatchObject(tail);
    expect(await ask("GET", { range: "bytes=4000-9999" })).toMatchObject(tail);
    expect(await ask("GET", { range: "bytes=4096-" })).toMatchObject({ status: 416 });
    const whole = await ask("HEAD", {});
    expect(whole).toMatchObject({ status: 200, length: "4096", size: 0 });
    expect(await ask("GET", { "if-none-match": whole.etag! })).toMatchObject({ status: 304, size: 0 });
    expect(await ask("HEAD", { "if-none-match": whole.etag! })).toMatchObject({ status: 304, size: 0 });
  });
});
