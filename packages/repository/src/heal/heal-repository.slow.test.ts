import { randomBytes } from "node:crypto";
import { KiB, MiB } from "@holdfast/kernel";
import { FakeClock } from "@holdfast/kernel/testing";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { InMemoryBlobStore } from "../blob-store/in-memory-blob-store.ts";
import { copyPoints } from "../copy/copy-points.ts";
import { captureAll, openKeyed, otherKeys, pointOf, readAll } from "../testing/keyed-repository.ts";

const disks: Readonly<Record<string, Buffer>> = {
  one: Buffer.concat([randomBytes(600 * KiB), Buffer.alloc(MiB)]),
  two: randomBytes(300 * KiB + 77),
};
let whole: ReadonlyMap<string, Uint8Array>;
let copied: ReadonlyMap<string, Uint8Array>;

function storeOf(objects: ReadonlyMap<string, Uint8Array>): InMemoryBlobStore {
  const store = new InMemoryBlobStore();
  for (const [name, bytes] of objects) store.objects.set(name, Uint8Array.from(bytes));
  return store;
}

const openCopy = (store: InMemoryBlobStore) => openKeyed(store, undefined, otherKeys);

beforeAll(async () => {
  const store = new InMemoryBlobStore();
  const points = await openKeyed(store);
  const copyStore = new InMemoryBlobStore();
  const copy = await openCopy(copyStore);
  for (const [id, bytes] of Object.entries(disks))
    await points.publishPoint(pointOf(id, await captureAll(points, bytes)));
  const copying = copyPoints(points, copy, await points.listPoints(), { clock: new FakeClock() });
  expect((await Array.fromAsync(copying)).map(({ kind }) => kind)).toEqual(["copied", "copied"]);
  whole = new Map(store.objects);
  copied = new Map(copyStore.objects);
});

type Harm = (bytes: Uint8Array, at: number, other: Uint8Array) => Uint8Array | null;
const harms: Readonly<Record<string, Harm>> = {
  "one bit flipped": (bytes, at) => bytes.with(at, bytes[at]! ^ (1 << (at & 7))),
  "cut off": (bytes, at) => bytes.slice(0, at),
  "with a block of zeros": (bytes, at) => Uint8Array.from(bytes).fill(0, at, at + 64),
  "in another's place": (_bytes, _at, other) => other,
  deleted: () => null,
};

function harmOne(store: InMemoryBlobStore, kind: string, harm: Harm, picked: { which: number; at: number }): string {
  const names = [...store.objects.keys()].filter((name) => name.startsWith(kind));
  const name = names[picked.which % names.length]!;
  const bytes = store.objects.get(name)!;
  const harmed = harm(bytes, picked.at % bytes.length, store.objects.get(names[(picked.which + 1) % names.length]!)!);
  if (harmed === null) store.objects.delete(name);
  else store.objects.set(name, harmed);
  return name;
}

/** Reads every point by a repository that is opened anew, so that nothing is known but what is stored. */
async function expectWhole(store: InMemoryBlobStore): Promise<void> {
  const points = await openKeyed(store);
  for (const [id, bytes] of Object.entries(disks)) {
    const point = await points.findPoint(id);
    expect((await readAll(points, point!.disks[0]!.image)).equals(bytes), id).toBe(true);
  }
  for (const { pointIds } of (await points.check()).findings) expect(pointIds).toEqual([]);
}

const picks = fc.record({ which: fc.nat(), at: fc.nat() });

for (const kind of ["packs/", "index/", "points/"]) {
  describe(`an object under ${kind}`, () => {
    for (const [what, harm] of Object.entries(harms)) {
      // A point whose object is gone is not known here: a copy brings it back.
      if (kind === "points/" && what === "deleted") continue;
      test(`${what} is healed from a copy: no point is harmed any more`, async () => {
        await fc.assert(
          fc.asyncProperty(picks, async (picked) => {
            const store = storeOf(whole);
            harmOne(store, kind, harm, picked);
            const before = new Set(store.objects.keys());
            const report = await (await openKeyed(store)).heal([await openCopy(storeOf(copied))]);
            expect(report.unhealed).toEqual([]);
            await expectWhole(store);
            for (const name of before) expect(store.objects.has(name), name).toBe(true);
          }),
          { numRuns: 10 },
        );
      });
    }
  });
}

/** Where the bytes of each class of a pack are. */
const packBytes: Readonly<Record<string, (size: number) => number>> = {
  "the mark at its beginning": () => 3,
  "its id": () => 12,
  "a chunk": () => 24 + 5,
  "the tag of its last chunk": (size) => size - 12 - 46 * 2 - 16 - 40,
  "its directory": (size) => size - 12 - 30,
  "the tag of its directory": (size) => size - 12 - 5,
  "the length of its directory": (size) => size - 9,
  "the mark at its end": (size) => size - 2,
};

test.each(Object.entries(packBytes))("a pack with a changed byte in %s is found, and healed", async (_what, where) => {
  const store = storeOf(whole);
  const harmed = [...store.objects].filter(([name]) => name.startsWith("packs/"));
  for (const [, bytes] of harmed) bytes[where(bytes.length)]! ^= 0x10;
  const points = await openKeyed(store);
  const found = (await points.check()).findings.filter(({ pointIds }) => pointIds.length > 0);
  expect(found.length).toBeGreaterThan(0);
  expect((await points.heal([await openCopy(storeOf(copied))])).unhealed).toEqual([]);
  await expectWhole(store);
});

test("every pack lost at once is healed, and done again it stores nothing", async () => {
  const store = storeOf(whole);
  for (const name of store.objects.keys()) if (name.startsWith("packs/")) store.objects.delete(name);
  const points = await openKeyed(store);
  const copy = await openCopy(storeOf(copied));
  expect(await points.heal([copy])).toMatchObject({ unhealed: [] });
  await expectWhole(store);
  const names = [...store.objects.keys()];
  expect(await (await openKeyed(store)).heal([copy])).toMatchObject({ healedChunkCount: 0, storedBytes: 0 });
  expect([...store.objects.keys()]).toEqual(names);
});

test("a copy that is damaged in the same place heals nothing there, says so, and another copy does", async () => {
  const store = storeOf(whole);
  const bad = storeOf(copied);
  for (const each of [store, bad])
    for (const name of each.objects.keys()) if (name.startsWith("packs/")) each.objects.get(name)!.fill(7, 24, 200_000);
  const points = await openKeyed(store);
  const failed = await points.heal([await openCopy(bad)]);
  expect(failed.unhealed.length).toBeGreaterThan(0);
  expect(failed.unhealed[0]).toMatchObject({ object: expect.stringMatching(/^chunk /), reason: expect.any(String) });
  const report = await points.heal([await openCopy(bad), await openCopy(storeOf(copied))]);
  expect(report.unhealed).toEqual([]);
  await expectWhole(store);
});

test("a copy that answers other bytes under a good name is not believed", async () => {
  const store = storeOf(whole);
  for (const name of store.objects.keys()) if (name.startsWith("packs/")) store.objects.get(name)!.fill(7, 24, 9000);
  const liar = await openCopy(storeOf(copied));
  const openDisk = liar.openDisk.bind(liar);
  const lying = {
    ...liar,
    openDisk: async (...args: Parameters<typeof openDisk>) => {
      const disk = await openDisk(...args);
      const read: typeof disk.read = async (range, options) => {
        const bytes = await disk.read(range, options);
        bytes[0]! ^= 1;
        return bytes;
      };
      return { ...disk, read };
    },
  };
  const report = await (await openKeyed(store)).heal([lying]);
  expect(new Set(report.unhealed.map(({ reason }) => reason))).toEqual(new Set(["the copy has other bytes there"]));
  expect((await (await openKeyed(store)).heal([liar])).unhealed).toEqual([]);
  await expectWhole(store);
});

test("a reader that was open before a heal reads what was healed", async () => {
  const store = storeOf(whole);
  const early = await openKeyed(store);
  const point = await early.findPoint("one");
  for (const [name, bytes] of store.objects) if (name.startsWith("packs/")) bytes.fill(7, 24, 9000);
  await expect(readAll(early, point!.disks[0]!.image)).rejects.toMatchObject({ code: "repository.chunk.damaged" });
  await (await openKeyed(store)).heal([await openCopy(storeOf(copied))]);
  expect((await readAll(early, point!.disks[0]!.image)).equals(disks["one"]!)).toBe(true);
});

test("a directory that is damaged is healed without any copy: its chunks can still be read", async () => {
  const store = storeOf(whole);
  for (const [name, bytes] of store.objects) if (name.startsWith("packs/")) bytes[bytes.length - 20]! ^= 1;
  expect((await (await openKeyed(store)).heal([])).unhealed).toEqual([]);
  await expectWhole(store);
});

test("a root of two levels is rebuilt from the bytes below it", async () => {
  const store = new InMemoryBlobStore();
  const points = await openKeyed(store);
  const big = Buffer.alloc(66 * MiB);
  randomBytes(MiB).copy(big, 100);
  randomBytes(MiB).copy(big, 65 * MiB);
  const image = await captureAll(points, big);
  await points.publishPoint(pointOf("big", image));
  const copy = await openCopy(new InMemoryBlobStore());
  await Array.fromAsync(copyPoints(points, copy, await points.listPoints(), { clock: new FakeClock() }));
  for (const name of [...store.objects.keys()]) if (!name.startsWith("points/")) store.objects.delete(name);
  const emptied = await openKeyed(store);
  expect(await emptied.heal([copy])).toMatchObject({ healedChunkCount: 1, unhealed: [] });
  const healed = await openKeyed(store);
  expect((await readAll(healed, image)).equals(big)).toBe(true);
  expect((await healed.check()).findings).toEqual([]);
});

test("a heal that ends at any call to the store goes on the next time, and loses no point", async () => {
  const copy = await openCopy(storeOf(copied));
  for (let due = 0, isOver = false; !isOver; due += 1) {
    const store = storeOf(whole);
    for (const [name, bytes] of store.objects) if (!name.startsWith("index/")) bytes[80]! ^= 1;
    let calls = 0;
    const dying = storeOf(new Map());
    for (const method of ["put", "delete"] as const) {
      dying[method] = (async (...args: never[]) => {
        if (calls === due) throw new Error("killed");
        calls += 1;
        await (store[method] as (...given: never[]) => Promise<void>).apply(store, args);
      }) as never;
    }
    for (const method of ["get", "size", "list"] as const) dying[method] = store[method].bind(store) as never;
    const first = await (await openKeyed(dying)).heal([copy]).catch((error: unknown) => String(error));
    isOver = first !== "Error: killed";
    expect((await (await openKeyed(store)).heal([copy])).unhealed).toEqual([]);
    await expectWhole(store);
    expect([...store.objects.keys()].filter((name) => name.startsWith("point-heals/"))).toEqual([]);
  }
});
