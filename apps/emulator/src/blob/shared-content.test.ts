import { randomBytes } from "node:crypto";
import type { ContainerClient } from "@azure/storage-blob";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStorageFixture, type StorageFixture } from "./testing/storage-fixture.ts";

let storage: StorageFixture;
let container: ContainerClient;

beforeAll(async () => {
  storage = await openStorageFixture();
  container = storage.service.getContainerClient("shared");
  await container.create();
});
afterAll(() => storage[Symbol.asyncDispose]());

const statusOf = (error: unknown): number | undefined => (error as { readonly statusCode?: number }).statusCode;

test("a copied block blob outlives its source", async () => {
  const source = container.getBlockBlobClient("source");
  const data = randomBytes(70_000);
  await source.upload(data, data.length);
  const copy = container.getBlockBlobClient("copy");
  await (await copy.beginCopyFromURL(source.url)).pollUntilDone();
  await source.delete();
  expect(await copy.downloadToBuffer()).toEqual(data);
});

test("a page blob that is made once only has one maker among many at a time", async () => {
  const makers = Array.from({ length: 8 }, () =>
    container.getPageBlobClient("once").create(4096, { conditions: { ifNoneMatch: "*" } }),
  );
  const ends = await Promise.allSettled(makers);
  const refused = ends.flatMap((end) => (end.status === "rejected" ? [statusOf(end.reason)] : []));
  expect(refused).toEqual(Array<number>(7).fill(409));
});

test("a block blob is there all the while it is written anew", async () => {
  const blob = container.getBlockBlobClient("lasting");
  await blob.upload("0", 1);
  const statuses: (number | undefined)[] = [];
  for (let round = 0; round < 20; round += 1) {
    const once = { conditions: { ifNoneMatch: "*" } };
    const ends = await Promise.allSettled([
      blob.upload("1", 1),
      blob.upload("2", 1),
      ...Array.from({ length: 6 }, () => blob.upload("3", 1, once)),
      ...Array.from({ length: 4 }, () => blob.getProperties()),
    ]);
    ends.slice(2, 8).forEach((end) => statuses.push(end.status === "rejected" ? statusOf(end.reason) : 201));
    ends.slice(8).forEach((end) => expect(end.status).toBe("fulfilled"));
  }
  expect(new Set(statuses)).toEqual(new Set([409]));
});

test("page writes neither undo what changed beside them nor bring a deleted blob back", async () => {
  const data = Buffer.alloc(4 * 1024 * 1024, 7);
  for (let round = 0; round < 8; round += 1) {
    const blob = container.getPageBlobClient(`busy-${round}`);
    await blob.create(data.length);
    await Promise.all([blob.uploadPages(data, 0, data.length), blob.setMetadata({ round: String(round) })]);
    expect((await blob.getProperties()).metadata).toEqual({ round: String(round) });
    const [, gone] = await Promise.allSettled([blob.uploadPages(data, 0, data.length), blob.delete()]);
    expect([gone.status, await blob.exists()]).toEqual(["fulfilled", false]);
  }
});
