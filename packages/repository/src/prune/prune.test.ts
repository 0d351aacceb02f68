import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/kernel";
import { FakeClock } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { InMemoryBlobStore } from "../blob-store/in-memory-blob-store.ts";
import { createIndexCache } from "../chunk-index/index-cache.ts";
import { openChunkStore } from "../chunk-store.ts";
import { createInlineCodec } from "../crypto/inline-codec.ts";
import { createPointStore } from "../point-store.ts";
import { makeTestPoint, publishDisk, readPoint } from "../testing/prune-world.ts";
import { openKeyed, strongRandom, testKeys } from "../testing/keyed-repository.ts";
import { createSteppedStore } from "../testing/stepped-store.ts";
import type { Step } from "../testing/stepped-store.ts";
import { readLatestEpoch } from "./epoch.ts";
import { beatMs } from "./writers.ts";

const now = { graceRounds: 0 };
const packsOf = (store: InMemoryBlobStore): number =>
  [...store.objects.keys()].filter((name) => name.startsWith("packs/")).length;

async function openWithClock(store: InMemoryBlobStore, clock: FakeClock) {
  const parts = { store, keys: testKeys, random: strongRandom, clock };
  return createPointStore({ ...parts, chunks: await openChunkStore({ ...parts, codec: createInlineCodec(testKeys) }) });
}

test("prune frees what only deleted points needed, once their margin is over, and leaves the others whole", async () => {
  const store = new InMemoryBlobStore();
  const points = await openKeyed(store);
  await publishDisk(points, "a", [1, 2, 3]);
  await publishDisk(points, "b", [2, 3, 4]);
  await points.deletePoints(["a"]);
  expect((await points.listPoints()).map(({ id }) => id)).toEqual(["b"]);
  for (let prunes = 0; prunes < 2; prunes += 1) expect(await points.prune()).toMatchObject({ expiredPoints: [] });
  expect(await points.prune()).toMatchObject({ expiredPoints: ["a"], rewrittenPacks: 1, deletedPacks: 1 });
  expect(store.objects.has("points/a")).toBe(false);
  expect(await readPoint(points, "b")).toEqual([2, 3, 4]);
  expect((await points.check()).findings).toEqual([]);
  expect(await readPoint(await openKeyed(store), "b")).toEqual([2, 3, 4]);
  await points.deletePoints(["b"], { hasConsent: true });
  await points.prune(now);
  expect(packsOf(store)).toBe(0);
});

test("a dry run changes nothing, and says what a prune then does", async () => {
  const store = new InMemoryBlobStore();
  const points = await openKeyed(store);
  await publishDisk(points, "a", [1, 2, 3]);
  await publishDisk(points, "b", [4, 5, 6]);
  await points.deletePoints(["a"]);
  const before = [...store.objects.keys()];
  const dry = await points.prune({ ...now, isDryRun: true });
  expect([...store.objects.keys()]).toEqual(before);
  const { deletedPacks, freedBytes, expiredPoints } = await points.prune(now);
  expect(dry).toMatchObject({ deletedPacks, freedBytes, expiredPoints, isDryRun: true });
  expect([deletedPacks, expiredPoints, freedBytes > 0]).toEqual([1, ["a"], true]);
});

test("a deleted point can be brought back until a prune finds its margin over", async () => {
  const points = await openKeyed(new InMemoryBlobStore());
  await publishDisk(points, "a", [1, 2]);
  await publishDisk(points, "b", [3]);
  await points.deletePoints(["a"]);
  await points.prune();
  expect((await points.listDeleted()).map(({ point, round, latestRound }) => [point.id, round, latestRound])).toEqual([
    ["a", 0, 1],
  ]);
  await points.undeletePoint("a");
  expect(await readPoint(points, "a")).toEqual([1, 2]);
  await expect(points.undeletePoint("a")).rejects.toMatchObject({ code: "repository.point.not-deleted" });
  await points.deletePoints(["a"]);
  await points.prune(now);
  await expect(points.undeletePoint("a")).rejects.toMatchObject({ code: "repository.point.not-deleted" });
});

test("deleting the last good point of a VM needs a second consent, and what is held cannot be deleted", async () => {
  const points = await openKeyed(new InMemoryBlobStore());
  await publishDisk(points, "a", [1]);
  await publishDisk(points, "b", [2]);
  await points.holdPoint("b", "audit 7");
  await expect(points.deletePoints(["b"], { hasConsent: true })).rejects.toMatchObject({
    code: "repository.delete.held",
  });
  await points.releasePoint("b");
  await expect(points.deletePoints(["a", "b"])).rejects.toMatchObject({ code: "repository.delete.needs-consent" });
  await expect(points.deletePoints(["c"])).rejects.toMatchObject({ code: "repository.point.unknown" });
  await points.deletePoints(["a", "b"], { hasConsent: true });
  expect(await points.listPoints()).toEqual([]);
});

test("prune stops where a point that was there is not listed any more", async () => {
  const store = new InMemoryBlobStore();
  const points = await openKeyed(store);
  await publishDisk(points, "a", [1]);
  await publishDisk(points, "b", [2]);
  await points.prune(now);
  store.objects.delete("points/a");
  const before = [...store.objects.keys()];
  await expect(points.prune(now)).rejects.toMatchObject({ code: "repository.prune.listing-short" });
  expect([...store.objects.keys()]).toEqual(before);
  await points.deletePoints(["a"], { hasConsent: true });
  await points.prune(now);
  expect(await readPoint(points, "b")).toEqual([2]);
});

test.each(["points/", "index/", "packs/"])(
  "prune deletes nothing where an object of %s cannot be read",
  async (prefix) => {
    const store = new InMemoryBlobStore();
    const points = await openKeyed(store);
    await publishDisk(points, "a", [1, 2]);
    await publishDisk(points, "b", [3, 4]);
    await points.deletePoints(["b"]);
    // The pack of the other point: its node is needed to know what that point needs.
    const first = [...store.objects.keys()].find((name) => name.startsWith(prefix))!;
    store.objects.get(first)!.fill(7, 30);
    const before = [...store.objects.keys()];
    await expect((await openKeyed(store)).prune(now)).rejects.toMatchObject({ code: "repository.prune.refused" });
    expect([...store.objects.keys()]).toEqual(before);
  },
);

test("prune refuses a store in which two prunes could take one number", async () => {
  const traits = { hasExclusiveCreate: false, objectLock: null, medium: null };
  const store = Object.assign(new InMemoryBlobStore(), { readTraits: async () => traits });
  await expect((await openKeyed(store)).prune()).rejects.toMatchObject({ code: "repository.prune.unsafe-store" });
});

test("a writer that was silent for as long as it was watched is fenced, and its late point does not count", async () => {
  const store = new InMemoryBlobStore();
  const sleeper = await openKeyed(store);
  const { image } = await sleeper.captureDisk(makeTestPoint([5, 6]).capture);
  const clock = new FakeClock();
  const pruner = await openWithClock(store, clock);
  const pruning = pruner.prune({ ...now, watchMs: 3 * beatMs });
  await clock.advance(3 * beatMs);
  expect(await pruning).toMatchObject({ fencedWriters: [expect.any(String)], deletedPacks: 1 });
  const late = sleeper.publishPoint(makeTestPoint([5, 6]).point("late", image));
  await expect(late).rejects.toMatchObject({ code: "repository.point.withdrawn", isRetryable: true });
  expect(await pruner.listPoints()).toEqual([]);
  await publishDisk(sleeper, "again", [5, 6]);
  expect(await readPoint(pruner, "again")).toEqual([5, 6]);
  await pruner.prune(now);
  expect((await pruner.check()).findings).toEqual([]);
});

test("a writer that shows beats is waited for however long it takes", async () => {
  const store = new InMemoryBlobStore();
  const clock = new FakeClock();
  const slow = await openWithClock(store, clock);
  const { image } = await slow.captureDisk(makeTestPoint([5, 6]).capture);
  const pruner = await openWithClock(store, clock);
  for (let prunes = 0; prunes < 5; prunes += 1) {
    const pruning = pruner.prune({ ...now, watchMs: 2 * beatMs });
    await clock.advance(3 * beatMs);
    expect(await pruning).toMatchObject({ fencedWriters: [], deletedPacks: 0, livingWriters: [expect.any(String)] });
  }
  await slow.publishPoint(makeTestPoint([5, 6]).point("late", image));
  expect(await readPoint(pruner, "late")).toEqual([5, 6]);
  expect(clock.sleeperCount).toBe(0);
});

test("a base that was deleted is no base", async () => {
  const points = await openKeyed(new InMemoryBlobStore());
  const base = await publishDisk(points, "a", [1, 2, 3]);
  await publishDisk(points, "b", [4]);
  await points.deletePoints(["a"]);
  const capture = makeTestPoint([1, 2, 9]).capture;
  await expect(points.captureDisk({ ...capture, base })).rejects.toMatchObject({ code: "repository.base.gone" });
});

test("prune joins small index objects, and every reader finds what they named", async () => {
  const store = new InMemoryBlobStore();
  const points = await openKeyed(store);
  const reader = await openKeyed(store);
  for (let i = 0; i < 70; i += 1) await publishDisk(points, `p${i}`, [i + 1]);
  await points.prune(now);
  expect([...store.objects.keys()].filter((name) => name.startsWith("index/")).length).toBe(1);
  for (const of of [points, reader, await openKeyed(store)]) expect(await readPoint(of, "p69")).toEqual([70]);
  expect((await reader.check()).findings).toEqual([]);
});

test("what a lock of the store keeps is hidden, is written anew where it is needed again, and goes when the lock ends", async () => {
  const store = new InMemoryBlobStore();
  const points = await openKeyed(store);
  await publishDisk(points, "a", [1, 2, 3]);
  await publishDisk(points, "b", [3, 4]);
  await points.deletePoints(["a"]);
  const remove = store.delete.bind(store);
  store.delete = async (name) => {
    if (/^(packs|index|points)\//.test(name))
      throw new HoldfastError({ code: "repository.store.locked", message: name, advice: "Wait." });
    await remove(name);
  };
  for (let prunes = 0; prunes < 4; prunes += 1) await points.prune(now);
  expect((await points.listPoints()).map(({ id }) => id)).toEqual(["b"]);
  await publishDisk(await openKeyed(store), "c", [1, 2, 3]);
  for (let prunes = 0; prunes < 2; prunes += 1) await (await openKeyed(store)).prune(now);
  const lockedPacks = packsOf(store);
  store.delete = remove;
  await points.prune(now);
  expect(packsOf(store)).toBeLessThan(lockedPacks);
  for (const of of [points, await openKeyed(store)]) {
    expect(await readPoint(of, "b")).toEqual([3, 4]);
    expect(await readPoint(of, "c")).toEqual([1, 2, 3]);
    expect(await readPoint(of, "a")).toBeNull();
    expect(await of.check()).toMatchObject({ findings: [], orphanPackCount: 0 });
  }
});

test("a reader with a local image of the index finds what a prune moved", async () => {
  const store = new InMemoryBlobStore();
  const points = await openKeyed(store);
  await publishDisk(points, "a", [1, 2, 3, 4]);
  await publishDisk(points, "b", [4, 5]);
  const folder = await mkdtemp(join(tmpdir(), "holdfast-prune-"));
  try {
    const cache = createIndexCache({ folder, random: strongRandom, imageFromRows: 3 }, testKeys);
    const parts = { store, keys: testKeys, random: strongRandom };
    const openCached = async () =>
      createPointStore({
        ...parts,
        chunks: await openChunkStore({ ...parts, codec: createInlineCodec(testKeys), cache }),
      });
    const reader = await openCached();
    await points.deletePoints(["a"]);
    expect((await points.prune(now)).deletedPacks).toBeGreaterThan(0);
    expect(await readPoint(reader, "b")).toEqual([4, 5]);
    await publishDisk(reader, "c", [1, 2, 3, 4]);
    for (const of of [reader, await openCached(), points]) {
      expect(await readPoint(of, "c")).toEqual([1, 2, 3, 4]);
      expect((await of.check()).findings).toEqual([]);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a prune that others overtake does not turn back the count of prunes", async () => {
  const store = new InMemoryBlobStore();
  await publishDisk(await openKeyed(store), "a", [1]);
  const overtaken = createSteppedStore(store, async ({ method, name }): Promise<Step> => {
    if (method === "put" && name === "epochs/0000000001")
      for (let prunes = 0; prunes < 3; prunes += 1) await (await openKeyed(store)).prune();
    return "do";
  });
  await (await openKeyed(overtaken)).prune();
  expect((await readLatestEpoch({ store, keys: testKeys })).round).toBe(4);
});
