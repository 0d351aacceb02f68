import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KiB } from "@holdfast/kernel";
import { afterEach, beforeEach, expect, test } from "vitest";
import { InMemoryBlobStore } from "../blob-store/in-memory-blob-store.ts";
import { openChunkStore } from "../chunk-store.ts";
import { createInlineCodec } from "../crypto/inline-codec.ts";
import { createPointStore } from "../point-store.ts";
import { captureAll, pointOf, readAll, strongRandom, testKeys } from "../testing/keyed-repository.ts";
import { createIndexCache } from "./index-cache.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-cache-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Counts what is read of the index. */
class WatchedStore extends InMemoryBlobStore {
  indexReads = 0;
  override async get(...call: Parameters<InMemoryBlobStore["get"]>): Promise<Uint8Array> {
    if (call[0].startsWith("index/")) this.indexReads += 1;
    return await super.get(...call);
  }
}

async function open(store: WatchedStore, imageFromRows = 10) {
  store.indexReads = 0;
  const cache = createIndexCache({ folder, random: strongRandom, imageFromRows }, testKeys);
  const codec = createInlineCodec(testKeys);
  const chunks = await openChunkStore({ store, keys: testKeys, random: strongRandom, codec, cache });
  return { chunks, points: createPointStore({ store, keys: testKeys, random: strongRandom, chunks }) };
}

async function filled() {
  const store = new WatchedStore();
  const disks = [randomBytes(3000 * KiB), randomBytes(2500 * KiB)];
  const { points } = await open(store, 1_000_000);
  const images = [];
  for (const [i, disk] of disks.entries()) {
    images.push(await captureAll(points, disk));
    await points.publishPoint(pointOf(`p${i}`, images[i]!));
  }
  return { store, disks, images };
}

const imageFile = (): string => join(folder, `${testKeys.repositoryId}.index`);

test("a large index becomes an image, from which the next opening finds every chunk without reading the index", async () => {
  const { store, disks, images } = await filled();
  await open(store);
  expect(readdirSync(folder)).toEqual([`${testKeys.repositoryId}.index`]);
  const { chunks, points } = await open(store);
  expect(store.indexReads).toBe(0);
  expect(chunks.indexes.table.rowCount).toBe(0);
  for (const [i, disk] of disks.entries()) expect((await readAll(points, images[i]!)).equals(disk)).toBe(true);
  const again = await points.captureDisk({
    source: { sizeBytes: disks[0]!.length, read: async ({ start, end }) => disks[0]!.subarray(start, end) },
    ranges: [{ start: 0, end: disks[0]!.length }],
  });
  expect(again.addedBytes).toBe(0);
});

test("what is new since the image is read, and a check goes through all of it", async () => {
  const { store } = await filled();
  await open(store);
  const other = await open(store, 1_000_000);
  const disk = randomBytes(600 * KiB);
  const image = await captureAll(other.points, disk);
  await other.points.publishPoint(pointOf("p2", image));
  const { points, chunks } = await open(store, 1_000_000);
  expect(store.indexReads).toBe(1);
  expect((await readAll(points, image)).equals(disk)).toBe(true);
  const report = await points.check();
  expect(report).toMatchObject({ pointCount: 3, findings: [] });
  expect(chunks.indexes.table.rowCount).toBeGreaterThan(report.chunkCount);
});

test("many new chunks make a new image of the older one and themselves", async () => {
  const { store, disks, images } = await filled();
  await open(store);
  const { points } = await open(store, 1_000_000);
  await points.publishPoint(pointOf("p2", await captureAll(points, randomBytes(4000 * KiB))));
  await open(store);
  const { points: last } = await open(store);
  expect(store.indexReads).toBe(0);
  for (const [i, disk] of disks.entries()) expect((await readAll(last, images[i]!)).equals(disk)).toBe(true);
});

test("an image whose index objects were replaced is not believed", async () => {
  const { store } = await filled();
  await open(store);
  const [name] = [...store.objects.keys()].filter((one) => one.startsWith("index/"));
  await store.delete(name!);
  const { points } = await open(store, 1_000_000);
  expect(store.indexReads).toBe(1);
  expect((await points.check()).findings).not.toEqual([]);
});

test("an image that is cut off is made again", async () => {
  const { store, disks, images } = await filled();
  await open(store);
  truncateSync(imageFile(), 500);
  const { points } = await open(store);
  expect(store.indexReads).toBe(2);
  expect((await readAll(points, images[0]!)).equals(disks[0]!)).toBe(true);
  await open(store);
  expect(store.indexReads).toBe(0);
});
