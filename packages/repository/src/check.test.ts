import { randomBytes, randomUUID } from "node:crypto";
import type { DiskImage, RecoveryPoint } from "@holdfast/domain";
import { KiB, MiB, Secret } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";
import { FakeClock } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { checkRepository } from "./check.ts";
import { openChunkStore } from "./chunk-store.ts";
import { createInlineCodec } from "./crypto/inline-codec.ts";
import { createRepository, InMemoryBlobStore, openRepository } from "./index.ts";
import { sealObject } from "./crypto/sealed-object.ts";
import { packName } from "./format/pack.ts";
import { encodeManifest, manifestName } from "./manifest.ts";
import { encodeNode, emptyChildren } from "./tree/node.ts";
import { createPointStore } from "./point-store.ts";

const random: Random = { bytes: (n) => randomBytes(n), uuid: () => randomUUID(), fraction: () => 0.5 };
const clock = new FakeClock();
const passphrase = new Secret("correct horse");
const keys = { repositoryId: "r", master: randomBytes(32), idKey: randomBytes(32) };

async function openParts(store: InMemoryBlobStore) {
  const codec = createInlineCodec(keys);
  const parts = { store, keys, random, chunks: await openChunkStore({ store, keys, random, codec }) };
  return { ...parts, points: createPointStore(parts) };
}

function diskOf(bytes: Uint8Array) {
  return {
    sizeBytes: bytes.length,
    read: async (r: { start: number; end: number }) => Uint8Array.from(bytes.subarray(r.start, r.end)),
  };
}

function pointOf(id: string, image: DiskImage): RecoveryPoint {
  return { id, publishedAtMs: 1, disks: [{ image }] } as unknown as RecoveryPoint;
}

async function capture(points: ReturnType<typeof createPointStore>, bytes: Uint8Array, id: string) {
  const { image } = await points.captureDisk({ source: diskOf(bytes), ranges: [{ start: 0, end: bytes.length }] });
  await points.publishPoint(pointOf(id, image));
  return image;
}

const nameOf = (store: InMemoryBlobStore, prefix: string): string =>
  [...store.objects.keys()].find((name) => name.startsWith(prefix))!;

test("check reports a tree whose child lies past the disk's end", async () => {
  const parts = await openParts(new InMemoryBlobStore());
  const children = emptyChildren();
  children[5] = "ab".repeat(32);
  const rootId = await parts.chunks.write(
    async (writer) => {
      const [id] = await writer.add("node", encodeNode(0, children));
      await writer.finish();
      return id!;
    },
    { writerId: "0123456789abcdef" },
  );
  const name = manifestName("p1");
  const point = pointOf("p1", { rootId, sizeBytes: MiB, chunkSizeBytes: 256 * KiB });
  const sealed = sealObject(keys.master, name, randomBytes(16), encodeManifest({ point, writerId: null }));
  await parts.store.put(name, sealed);
  const { findings } = await checkRepository(parts);
  expect(findings).toMatchObject([{ code: "repository.chunk.damaged", object: `node ${rootId}`, pointIds: ["p1"] }]);
});

test("check names a pack whose directory is damaged though its chunks are not", async () => {
  const parts = await openParts(new InMemoryBlobStore());
  await capture(parts.points, randomBytes(MiB), "p1");
  const name = nameOf(parts.store, "packs/");
  const pack = parts.store.objects.get(name)!;
  pack[pack.length - 20]! ^= 1;
  const { findings } = await checkRepository(parts);
  expect(findings).toMatchObject([{ code: "repository.pack.damaged", object: name, pointIds: ["p1"] }]);
});

test("check counts packs that no index names, without a finding", async () => {
  const parts = await openParts(new InMemoryBlobStore());
  await capture(parts.points, randomBytes(MiB), "p1");
  parts.store.objects.set(`packs/00/${"0".repeat(32)}`, randomBytes(100));
  expect(await checkRepository(parts)).toMatchObject({ orphanPackCount: 1, findings: [] });
});

test("check reports an object that the store cannot read, and goes on", async () => {
  const parts = await openParts(new InMemoryBlobStore());
  await capture(parts.points, randomBytes(MiB), "p1");
  const name = nameOf(parts.store, "packs/");
  const get = parts.store.get.bind(parts.store);
  parts.store.get = async (wanted, ...rest) => {
    if (wanted === name) throw Object.assign(new Error("i/o error"), { code: "EIO" });
    return await get(wanted, ...rest);
  };
  const { findings } = await checkRepository(parts);
  expect(findings).toMatchObject([
    { code: "repository.object.unreadable", pointIds: ["p1"] },
    { code: "repository.object.unreadable", object: name },
  ]);
});

test("a lost index is one finding for each point, not for each chunk", async () => {
  const store = new InMemoryBlobStore();
  const first = await openParts(store);
  const bytes = randomBytes(4 * MiB);
  await capture(first.points, bytes, "p1");
  const lost = nameOf(store, "index/");
  bytes.fill(1, 0, 10);
  const second = await openParts(store);
  await capture(second.points, bytes, "p2");
  store.objects.delete(lost);
  const { findings } = await checkRepository(await openParts(store));
  expect(findings).toMatchObject([
    { code: "repository.chunk.missing", pointIds: ["p1"] },
    { code: "repository.chunk.missing", object: "points/p2", pointIds: ["p2"] },
  ]);
});

test("a store opened before another's capture reads its points and builds on them", async () => {
  const store = new InMemoryBlobStore();
  const early = await openParts(store);
  const writer = await openParts(store);
  const bytes = randomBytes(2 * MiB);
  const image = await capture(writer.points, bytes, "p1");
  const stored = await early.points.openDisk(image);
  expect(Buffer.from(await stored.read({ start: 0, end: bytes.length })).equals(bytes)).toBe(true);
  const again = await (
    await openParts(store)
  ).points.captureDisk({
    source: diskOf(bytes),
    ranges: [{ start: 0, end: MiB }],
    base: image,
  });
  expect(again.storedBytes).toBe(0);
});

test("a damaged index does not keep the repository from opening", async () => {
  const store = new InMemoryBlobStore();
  await createRepository(store, { passphrase, random, clock });
  store.objects.set("index/ff", randomBytes(10));
  const points = await openRepository(store, { passphrase, random, clock });
  expect((await points.check()).findings).toMatchObject([{ code: "repository.index.damaged", object: "index/ff" }]);
});

test("check counts every byte that it reads, though it reads several runs at once", async () => {
  const parts = await openParts(new InMemoryBlobStore());
  await capture(parts.points, randomBytes(20 * MiB), "p1");
  expect(await checkRepository(parts)).toMatchObject({ chunkCount: 80, readBytes: 20 * MiB, findings: [] });
});

test("a damaged chunk of which another writer stored a copy is read from there, and touches no point", async () => {
  const store = new InMemoryBlobStore();
  const [one, other] = [await openParts(store), await openParts(store)];
  const disk = randomBytes(MiB);
  // The other has not seen the first one's index when it writes: both store every chunk.
  const put = store.put.bind(store);
  const held: (() => Promise<void>)[] = [];
  store.put = async (name, bytes) => {
    if (!name.startsWith("index/") || held.length > 0) return await put(name, bytes);
    const copy = Uint8Array.from(bytes);
    held.push(() => put(name, copy));
  };
  const image = await one.points.captureDisk({ source: diskOf(disk), ranges: [{ start: 0, end: MiB }] });
  await capture(other.points, disk, "p2");
  await held[0]!();
  const reader = await openParts(store);
  const [latest, older] = reader.chunks.indexes.findAll(image.image.rootId!);
  expect(older).toBeDefined();
  const pack = store.objects.get(packName(latest!.packId))!;
  pack[latest!.entry.offset + 3]! ^= 1;
  pack[100]! ^= 1;
  const read = await (await reader.points.openDisk(image.image)).read({ start: 0, end: MiB });
  expect(disk.equals(read)).toBe(true);
  const { findings } = await checkRepository(reader);
  expect(findings).toMatchObject([{ object: packName(latest!.packId), pointIds: [] }]);
});
