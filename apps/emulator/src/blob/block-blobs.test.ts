import { randomBytes } from "node:crypto";
import type { ContainerClient } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStorageFixture, type StorageFixture } from "./testing/storage-fixture.ts";

let storage: StorageFixture;
let container: ContainerClient;

beforeAll(async () => {
  storage = await openStorageFixture();
  container = storage.service.getContainerClient("blocks");
  await container.create({ metadata: { owner: "tests" } });
});
afterAll(() => storage[Symbol.asyncDispose]());

const blockId = (number: number): string => Buffer.from(`block-${number}`).toString("base64");

describe("block blobs", () => {
  test("keep what was put, with its headers and metadata", async () => {
    const blob = container.getBlockBlobClient("a/b.txt");
    const data = randomBytes(3 * 1024 * 1024 + 17);
    await blob.upload(data, data.length, {
      blobHTTPHeaders: { blobContentType: "text/plain" },
      metadata: { part: "1" },
    });
    expect(await blob.downloadToBuffer()).toEqual(data);
    expect(await blob.downloadToBuffer(1024 * 1024 - 5, 10)).toEqual(data.subarray(1024 * 1024 - 5, 1024 * 1024 + 5));
    const { contentType, metadata, blobType, contentLength } = await blob.getProperties();
    expect({ contentType, metadata, blobType, contentLength }).toEqual({
      contentType: "text/plain",
      metadata: { part: "1" },
      blobType: "BlockBlob",
      contentLength: data.length,
    });
  });

  test("are made once only where that is asked for", async () => {
    const blob = container.getBlockBlobClient("once");
    const once = { conditions: { ifNoneMatch: "*" } };
    await blob.upload("first", 5, once);
    await expect(blob.upload("second", 6, once)).rejects.toMatchObject({ statusCode: 409, code: "BlobAlreadyExists" });
    expect((await blob.downloadToBuffer()).toString()).toBe("first");
  });

  test("are what the list of blocks says, in its order", async () => {
    const blob = container.getBlockBlobClient("listed");
    await blob.stageBlock(blockId(1), "one,", 4);
    await blob.stageBlock(blockId(2), "two,", 4);
    await blob.stageBlock(blockId(3), "never", 5);
    await blob.commitBlockList([blockId(2), blockId(1)]);
    expect((await blob.downloadToBuffer()).toString()).toBe("two,one,");
    await blob.stageBlock(blockId(4), "four", 4);
    await blob.commitBlockList([blockId(1), blockId(4)]);
    expect((await blob.downloadToBuffer()).toString()).toBe("one,four");
    const { committedBlocks, uncommittedBlocks } = await blob.getBlockList("all");
    expect([committedBlocks?.map(({ size }) => size), uncommittedBlocks ?? []]).toEqual([[4, 4], []]);
    await expect(blob.commitBlockList([blockId(9)])).rejects.toMatchObject({ code: "InvalidBlockList" });
  });

  test("keep a snapshot's content when they are overwritten and deleted", async () => {
    const blob = container.getBlockBlobClient("kept");
    await blob.upload("before", 6);
    const { snapshot } = await blob.createSnapshot();
    await blob.upload("after", 5);
    expect((await blob.withSnapshot(snapshot!).downloadToBuffer()).toString()).toBe("before");
    await blob.delete({ deleteSnapshots: "only" });
    expect((await blob.downloadToBuffer()).toString()).toBe("after");
  });
});

describe("containers", () => {
  test("list their blobs by prefix, by delimiter, in pages, with snapshots when asked", async () => {
    const listed = storage.service.getContainerClient("listed");
    await listed.create();
    for (const name of ["a", "logs/1", "logs/2", "z & <x>"]) await listed.getBlockBlobClient(name).upload("x", 1);
    await listed.getBlockBlobClient("a").createSnapshot();
    const names: string[] = [];
    for await (const page of listed.listBlobsFlat().byPage({ maxPageSize: 2 })) {
      expect(page.segment.blobItems.length).toBeLessThanOrEqual(2);
      names.push(...page.segment.blobItems.map(({ name }) => name));
    }
    expect(names).toEqual(["a", "logs/1", "logs/2", "z & <x>"]);
    const entries: string[] = [];
    for await (const entry of listed.listBlobsByHierarchy("/")) entries.push(`${entry.kind} ${entry.name}`);
    expect(entries.sort()).toEqual(["blob a", "blob z & <x>", "prefix logs/"]);
    const withSnapshots: boolean[] = [];
    for await (const blob of listed.listBlobsFlat({ prefix: "a", includeSnapshots: true })) {
      withSnapshots.push(blob.snapshot !== undefined && blob.snapshot !== "");
    }
    expect(withSnapshots).toEqual([true, false]);
  });

  test("are made once, show their metadata, and go with all that is in them", async () => {
    await expect(container.create()).rejects.toMatchObject({ code: "ContainerAlreadyExists" });
    expect((await container.getProperties()).metadata).toEqual({ owner: "tests" });
    const other = storage.service.getContainerClient("goes");
    await other.create();
    await other.getPageBlobClient("p").create(512);
    await other.delete();
    expect(await other.exists()).toBe(false);
    const names: string[] = [];
    for await (const one of storage.service.listContainers()) names.push(one.name);
    expect(names).toContain("blocks");
    expect(names).not.toContain("goes");
  });

  test.each(["UPPER", "a", "two--dashes", "-front"])("refuse the name %s", async (name) => {
    await expect(storage.service.getContainerClient(name).create()).rejects.toMatchObject({ statusCode: 400 });
  });
});
