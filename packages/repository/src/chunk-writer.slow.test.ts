import { randomBytes, randomUUID } from "node:crypto";
import { KiB } from "@holdfast/kernel";
import type { ByteRange, Random } from "@holdfast/kernel";
import { expect, test } from "vitest";
import { InMemoryBlobStore } from "./blob-store/in-memory-blob-store.ts";
import { openChunkStore } from "./chunk-store.ts";
import type { Codec } from "./crypto/codec.ts";
import { createInlineCodec } from "./crypto/inline-codec.ts";
import { createPooledCodec } from "./crypto/pooled-codec.ts";
import { chunkSizeBytes, packsPerIndex, packTargetBytes } from "./format/limits.ts";
import { createPointStore } from "./point-store.ts";

const random: Random = { bytes: (n) => randomBytes(n), uuid: () => randomUUID(), fraction: () => 0.5 };
const keys = { repositoryId: "r", master: randomBytes(32), idKey: randomBytes(32) };

test("a long capture that is killed leaves chunks that the next one reuses", { timeout: 60_000 }, async () => {
  const store = new InMemoryBlobStore();
  // Packs are dropped as they come: only their index matters here.
  const put = store.put.bind(store);
  store.put = async (name, bytes) => put(name, name.startsWith("packs/") ? bytes.subarray(0, 1) : bytes);
  const open = async () => await openChunkStore({ store, keys, random, codec: createInlineCodec(keys) });
  const chunk = randomBytes(256 * KiB);
  const number = (i: number): Uint8Array => {
    chunk.writeUInt32BE(i);
    return Uint8Array.from(chunk);
  };
  const count = (packsPerIndex * packTargetBytes) / chunkSizeBytes;
  const kill = new Error("killed");
  const order = { writerId: "0123456789abcdef" };
  const killed = (await open()).write(async (writer) => {
    for (let i = 0; i < count + 200; i += 1) await writer.add("data", number(i));
    throw kill;
  }, order);
  await expect(killed).rejects.toBe(kill);
  const added = await (
    await open()
  ).write(async (writer) => {
    await writer.add("data", number(0));
    return writer.bytes.added;
  }, order);
  expect(added).toBe(0);
});

test("a codec that fails in a capture fails it, and no index names its chunks", async () => {
  const store = new InMemoryBlobStore();
  const inline = createInlineCodec(keys);
  let sealed = 0;
  const codec: Codec = {
    ...inline,
    async seal(order) {
      sealed += 1;
      if (sealed === 2) throw new Error("a thread ended");
      return await inline.seal(order);
    },
    [Symbol.asyncDispose]: async () => {},
  };
  const chunks = await openChunkStore({ store, keys, random, codec });
  const points = createPointStore({ store, keys, random, chunks });
  const disk = randomBytes(80 * 1024 * KiB);
  const source = {
    sizeBytes: disk.length,
    read: async (r: ByteRange) => Uint8Array.from(disk.subarray(r.start, r.end)),
  };
  const capture = points.captureDisk({ source, ranges: [{ start: 0, end: disk.length }] });
  await expect(capture).rejects.toThrow("a thread ended");
  expect([...store.objects.keys()].filter((name) => name.startsWith("index/"))).toEqual([]);
});

test("an aborted capture ends with the reason, after all that was under way", async () => {
  const store = new InMemoryBlobStore();
  await using codec = createPooledCodec(keys, { size: 2 });
  const chunks = await openChunkStore({ store, keys, random, codec });
  const points = createPointStore({ store, keys, random, chunks });
  const stop = new AbortController();
  let underWay = 0;
  const put = store.put.bind(store);
  store.put = async (name, bytes) => {
    underWay += 1;
    await put(name, bytes);
    underWay -= 1;
  };
  let reads = 0;
  const read = async ({ start, end }: ByteRange): Promise<Uint8Array> => {
    reads += 1;
    if (reads === 15) stop.abort(new Error("enough"));
    return Uint8Array.from(randomBytes(end - start));
  };
  const sizeBytes = 200 * 1024 * KiB;
  const capture = points.captureDisk({ source: { sizeBytes, read }, ranges: [{ start: 0, end: sizeBytes }] }, stop);
  await expect(capture).rejects.toThrow("enough");
  expect(underWay).toBe(0);
});
