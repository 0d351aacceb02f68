import { randomBytes } from "node:crypto";
import { MiB } from "@holdfast/kernel";
import { FaultSet, withFaults } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import type { BlobStore } from "./blob-store/blob-store.ts";
import { storeFull, storeGone } from "./blob-store/blob-store.ts";
import { InMemoryBlobStore } from "./blob-store/in-memory-blob-store.ts";
import { captureAll, openKeyed, pointOf, readAll } from "./testing/keyed-repository.ts";

const older = randomBytes(MiB);
// Two packs: the first is sent while the second fills.
const newer = Buffer.concat([older, randomBytes(17 * MiB)]);
const putsOfNewer = ["announcement", "first pack", "second pack", "index", "point"];

async function storeWithOlder(): Promise<InMemoryBlobStore> {
  const store = new InMemoryBlobStore();
  const points = await openKeyed(store);
  await points.publishPoint(pointOf("older", await captureAll(points, older)));
  return store;
}

function faulty(store: InMemoryBlobStore, faults: FaultSet): BlobStore {
  const harmed = withFaults<BlobStore>(store, faults);
  return {
    put: (...call) => harmed.put(...call),
    get: (...call) => store.get(...call),
    size: (...call) => store.size(...call),
    list: (...call) => store.list(...call),
    delete: (...call) => store.delete(...call),
  };
}

async function expectWhole(store: BlobStore, expected: Readonly<Record<string, Buffer>>): Promise<void> {
  const points = await openKeyed(store);
  const found = Object.fromEntries((await points.listPoints()).map(({ id, disks }) => [id, disks[0]!.image]));
  expect(Object.keys(found).toSorted()).toEqual(Object.keys(expected).toSorted());
  for (const [id, bytes] of Object.entries(expected))
    expect((await readAll(points, found[id]!)).equals(bytes), id).toBe(true);
  expect((await points.check()).findings).toEqual([]);
}

async function backUpNewer(points: Awaited<ReturnType<typeof openKeyed>>): Promise<void> {
  await points.publishPoint(pointOf("newer", await captureAll(points, newer)));
}

const lost = new Error("connection lost");
const faults = {
  "fails before": { kind: "error", error: lost, timing: "before" },
  "takes effect but fails": { kind: "error", error: lost, timing: "after" },
  "finds the disk full": { kind: "error", error: storeFull("object", lost), timing: "before" },
} as const;

for (const [at, put] of putsOfNewer.entries()) {
  for (const [what, fault] of Object.entries(faults)) {
    for (const retrier of ["the same process", "a new process"]) {
      test(`a put of the ${put} that ${what} loses nothing, and ${retrier} can try again`, async () => {
        const store = await storeWithOlder();
        const set = new FaultSet().add("put", fault, { skip: at });
        const points = await openKeyed(faulty(store, set));
        await expect(backUpNewer(points)).rejects.toBe(fault.error);
        set.verifyAllHit();
        const isPublished = put === "point" && fault.timing === "after";
        await expectWhole(store, { older, ...(isPublished ? { newer } : {}) });
        await backUpNewer(retrier === "the same process" ? points : await openKeyed(store));
        await expectWhole(store, { older, newer });
      });
    }
  }
}

test("a capture whose last mark cannot be put has published its point all the same", async () => {
  const store = await storeWithOlder();
  const set = new FaultSet().add("put", { kind: "error", error: lost, timing: "before" }, { skip: putsOfNewer.length });
  await backUpNewer(await openKeyed(faulty(store, set)));
  set.verifyAllHit();
  await expectWhole(store, { older, newer });
});

test("a capture takes the puts that these tests break", async () => {
  const store = await storeWithOlder();
  const before = new Set(store.objects.keys());
  await backUpNewer(await openKeyed(store));
  const kinds = [...store.objects.keys()].filter((name) => !before.has(name)).map((name) => name.split("/")[0]);
  expect(kinds).toEqual(["writers", "packs", "packs", "index", "points", "writers"]);
});

test("a check raises what a store says of itself, and calls no object damaged for it", async () => {
  const store = await storeWithOlder();
  const points = await openKeyed(store);
  const denied = storeGone("folder");
  const whole = store.get.bind(store);
  store.get = async (name, ...call) => {
    if (name.startsWith("packs/")) throw denied;
    return await whole(name, ...call);
  };
  await expect(points.check()).rejects.toBe(denied);
});
