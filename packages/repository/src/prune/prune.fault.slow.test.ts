import { HoldfastError } from "@holdfast/kernel";
import { expect, test } from "vitest";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { storeFull } from "../blob-store/blob-store.ts";
import { InMemoryBlobStore } from "../blob-store/in-memory-blob-store.ts";
import { openKeyed } from "../testing/keyed-repository.ts";
import { makeTestPoint, publishDisk, readPoint } from "../testing/prune-world.ts";
import { createSteppedStore } from "../testing/stepped-store.ts";
import type { Step, StoreCall } from "../testing/stepped-store.ts";

const now = { graceRounds: 0 };
const kept = { b: [2, 3, 4, 9], c: [9, 10, 11], d: [2] };

/** A repository in which a prune expires points, deletes packs, writes some anew and finds what a dead capture left. */
async function makeStore(): Promise<InMemoryBlobStore> {
  const store = new InMemoryBlobStore();
  await using points = await openKeyed(store);
  await publishDisk(points, "a", [1, 2, 3, 4, 5, 6]);
  await publishDisk(points, "b", kept.b);
  await publishDisk(points, "gone", [7, 8]);
  await publishDisk(points, "c", kept.c);
  await points.deletePoints(["a", "gone"]);
  await points.prune(now);
  // What that prune condemned and wrote is there for the next one, as is a capture that was killed before its index.
  await publishDisk(points, "d", kept.d);
  await publishDisk(points, "e", [20, 21, 22, 9]);
  await points.deletePoints(["e"], { hasConsent: true });
  store.objects.set(`packs/ab/ab${"0".repeat(30)}`, new Uint8Array(100));
  return store;
}

function copyOf(store: InMemoryBlobStore): InMemoryBlobStore {
  const copy = new InMemoryBlobStore();
  for (const [name, bytes] of store.objects) copy.objects.set(name, bytes);
  return copy;
}

async function expectWhole(store: BlobStore, what: string): Promise<void> {
  const points = await openKeyed(store);
  for (const [id, values] of Object.entries(kept))
    expect(await readPoint(points, id), `${what}: ${id}`).toEqual(values);
  expect((await points.listPoints()).map(({ id }) => id).toSorted(), what).toEqual(Object.keys(kept));
  expect((await points.check()).findings, what).toEqual([]);
}

/** Brings the repository to rest: dead writers are fenced by the fourth prune that sees them. */
async function expectAllFreed(store: InMemoryBlobStore, what: string): Promise<void> {
  for (let prunes = 0; prunes < 6; prunes += 1) await (await openKeyed(store)).prune(now);
  await expectWhole(store, `${what}, after more prunes`);
  const { orphanPackCount } = await (await openKeyed(store)).check();
  expect(orphanPackCount, what).toBe(0);
  expect(await (await openKeyed(store)).prune(now), what).toMatchObject({
    deletedPacks: 0,
    waitingPacks: 0,
    rewrittenPacks: 0,
  });
  const points = await openKeyed(store);
  await points.deletePoints(Object.keys(kept), { hasConsent: true });
  await points.prune(now);
  const left = [...store.objects.keys()].filter((name) => /^(packs|index|points|deleted|writers)\//.test(name));
  expect(left, what).toEqual([]);
}

/** Does something at the n-th call of a process, for all n, until the process has fewer. */
async function atEachCall(
  act: (store: InMemoryBlobStore, ask: (call: StoreCall) => Step | Promise<Step>) => Promise<void>,
  atCall: (store: InMemoryBlobStore, call: StoreCall) => Step | Promise<Step>,
  judge: (store: InMemoryBlobStore, what: string, error: unknown) => Promise<void>,
): Promise<number> {
  const start = await makeStore();
  for (let due = 0; ; due += 1) {
    const store = copyOf(start);
    let calls = 0;
    let hit: StoreCall | undefined;
    const ask = async (call: StoreCall): Promise<Step> => {
      calls += 1;
      if (calls !== due + 1) return "do";
      hit = call;
      return await atCall(store, call);
    };
    const error: unknown = await act(store, ask).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (hit === undefined) return due;
    await judge(store, `call ${due}, ${hit.method} ${hit.name}`, error);
  }
}

const pruneOnce = async (store: BlobStore): Promise<void> => {
  const points = await openKeyed(store);
  await points.prune(now);
};
const prune = (store: InMemoryBlobStore, ask: (call: StoreCall) => Step | Promise<Step>): Promise<void> =>
  pruneOnce(createSteppedStore(store, ask));

for (const step of ["die", "fail before", "fail after"] as const) {
  test(
    `a prune that comes to "${step}" at any call loses nothing, and the next ones finish it`,
    { timeout: 0 },
    async () => {
      const calls = await atEachCall(
        prune,
        () => step,
        async (store, what) => {
          await expectWhole(store, what);
          await expectAllFreed(store, what);
        },
      );
      expect(calls).toBeGreaterThan(60);
    },
  );
}

test("a prune to which another runs from end to end at any call loses nothing", { timeout: 0 }, async () => {
  await atEachCall(
    prune,
    async (store): Promise<Step> => {
      await pruneOnce(store);
      return "do";
    },
    async (store, what, error) => {
      expect(error, what).toBeUndefined();
      await expectWhole(store, what);
      await expectAllFreed(store, what);
    },
  );
});

test(
  "a prune that sleeps at any call while others prune and fill the repository loses nothing",
  { timeout: 0 },
  async () => {
    await atEachCall(
      prune,
      async (store): Promise<Step> => {
        for (let prunes = 0; prunes < 5; prunes += 1) await pruneOnce(store);
        const points = await openKeyed(store);
        await publishDisk(points, "later", [1, 5, 6, 20, 21]);
        return "do";
      },
      async (store, what, error) => {
        expect(error === undefined || error instanceof HoldfastError, `${what}: ${String(error)}`).toBe(true);
        const points = await openKeyed(store);
        expect(await readPoint(points, "later"), what).toEqual([1, 5, 6, 20, 21]);
        await points.deletePoints(["later"], { hasConsent: true });
        await expectWhole(store, what);
        await expectAllFreed(store, what);
      },
    );
  },
);

/** Chunks that nobody needs any more, some that others have, and a new one. */
const captured = [5, 20, 9, 6, 30];

for (const prunes of [1, 2, 6]) {
  test(
    `a capture that stands still at any call for ${prunes} prunes is whole, or says that it does not count`,
    { timeout: 0 },
    async () => {
      let withdrawn = 0;
      const calls = await atEachCall(
        async (store, ask) => {
          await publishDisk(await openKeyed(createSteppedStore(store, ask)), "slow", captured);
        },
        async (store): Promise<Step> => {
          for (let i = 0; i < prunes; i += 1) await pruneOnce(store);
          return "do";
        },
        async (store, what, error) => {
          // What a writer that was taken for dead wrote after that, nobody builds on.
          const other = await openKeyed(store);
          await publishDisk(other, "other", captured);
          expect(await readPoint(other, "other"), what).toEqual(captured);
          await pruneOnce(store);
          const points = await openKeyed(store);
          if (error === undefined) expect(await readPoint(points, "slow"), what).toEqual(captured);
          else {
            expect(error, what).toMatchObject({ code: "repository.point.withdrawn" });
            expect(await readPoint(points, "slow"), what).toBeNull();
            withdrawn += 1;
          }
          expect((await points.check()).findings, what).toEqual([]);
        },
      );
      expect(calls).toBeGreaterThan(10);
      expect(withdrawn > 0).toBe(prunes > 3);
    },
  );
}

test(
  "an incremental capture whose base expires at any call is whole, or says why it is not",
  { timeout: 0 },
  async () => {
    await atEachCall(
      async (store, ask) => {
        const points = await openKeyed(createSteppedStore(store, ask));
        const base = (await points.findPoint("c"))?.disks[0]?.image;
        if (base === undefined) return;
        const { capture, point } = makeTestPoint([9, 10, 31]);
        const ranges = [{ start: 2 * 256 * 1024, end: 3 * 256 * 1024 }];
        const { image } = await points.captureDisk({ ...capture, ranges, base });
        await points.publishPoint(point("slow", image));
      },
      async (store): Promise<Step> => {
        await (await openKeyed(store)).deletePoints(["c"], { hasConsent: true });
        for (let i = 0; i < 3; i += 1) await pruneOnce(store);
        return "do";
      },
      async (store, what, error) => {
        await pruneOnce(store);
        const points = await openKeyed(store);
        const isPublished = (await points.findPoint("slow")) !== null;
        if (error !== undefined)
          expect((error as HoldfastError).code, what).toMatch(/base\.gone|chunk\.missing|store\.missing/);
        else if (isPublished) expect(await readPoint(points, "slow"), what).toEqual([9, 10, 31]);
        expect((await points.check()).findings, what).toEqual([]);
      },
    );
  },
);

test(
  "a full store at any put loses nothing, and space is freed all the same where packs are only deleted",
  { timeout: 0 },
  async () => {
    for (let due = 0; ; due += 1) {
      const store = await makeStore();
      const put = store.put.bind(store);
      let puts = 0;
      store.put = async (name, bytes) => {
        puts += 1;
        if (puts > due) throw storeFull(name, new Error("no room"));
        await put(name, bytes);
      };
      const error: unknown = await pruneOnce(store).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      store.put = put;
      if (puts <= due) return;
      if (error !== undefined) expect(error, `put ${due}`).toMatchObject({ code: "repository.store.full" });
      await expectWhole(store, `put ${due}`);
      await expectAllFreed(store, `put ${due}`);
    }
  },
);

test.each(["points/", "index/", "packs/", "deleted/", "epochs/"])(
  "a prune to which the newest objects of %s are not listed loses nothing",
  async (prefix) => {
    const store = await makeStore();
    const list = store.list.bind(store);
    for (let hidden = 1; hidden < 4; hidden += 1) {
      store.list = async function* (asked, options) {
        const names = await Array.fromAsync(list(asked, options));
        const order = [...store.objects.keys()];
        const newest = names.toSorted((a, b) => order.indexOf(b) - order.indexOf(a)).slice(0, hidden);
        yield* asked === prefix ? names.filter((name) => !newest.includes(name)) : names;
      };
      for (let prunes = 0; prunes < 2; prunes += 1)
        await pruneOnce(store).catch((error: unknown) => {
          expect((error as HoldfastError).code).toMatch(/^repository\.prune\./);
        });
    }
    store.list = list;
    await expectWhole(store, prefix);
  },
);
