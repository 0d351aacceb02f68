import { randomBytes, randomUUID } from "node:crypto";
import { KiB } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";
import { expect, test } from "vitest";
import { InMemoryBlobStore } from "./blob-store/in-memory-blob-store.ts";
import { openChunkStore } from "./chunk-store.ts";
import { chunkSizeBytes, packsPerIndex, packTargetBytes } from "./format/limits.ts";

const random: Random = { bytes: (n) => randomBytes(n), uuid: () => randomUUID(), fraction: () => 0.5 };
const keys = { repositoryId: "r", master: randomBytes(32), idKey: randomBytes(32) };

test("a long capture that is killed leaves chunks that the next one reuses", { timeout: 60_000 }, async () => {
  const store = new InMemoryBlobStore();
  // Packs are dropped as they come: only their index matters here.
  const put = store.put.bind(store);
  store.put = async (name, bytes) => put(name, name.startsWith("packs/") ? bytes.subarray(0, 1) : bytes);
  const killed = (await openChunkStore(store, keys, random)).startWriting();
  const chunk = randomBytes(256 * KiB);
  const number = (i: number): Buffer => {
    chunk.writeUInt32BE(i);
    return chunk;
  };
  const count = (packsPerIndex * packTargetBytes) / chunkSizeBytes;
  for (let i = 0; i < count + 200; i += 1) await killed.add("data", number(i));
  const next = (await openChunkStore(store, keys, random)).startWriting();
  await next.add("data", number(0));
  expect(next.bytes.added).toBe(0);
});
