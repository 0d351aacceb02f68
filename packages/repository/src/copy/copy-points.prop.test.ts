import { randomBytes } from "node:crypto";
import { KiB } from "@holdfast/kernel";
import { FakeClock } from "@holdfast/kernel/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { InMemoryBlobStore } from "../blob-store/in-memory-blob-store.ts";
import { captureAll, openKeyed, otherKeys, pointOf, readAll } from "../testing/keyed-repository.ts";
import { copyPoints } from "./copy-points.ts";
import type { CopiedPoint, OpenPoints } from "./copy-points.ts";

const options = { clock: new FakeClock() };
const openOther = (store: InMemoryBlobStore) => openKeyed(store, undefined, otherKeys);

async function copyAll(source: OpenPoints, target: OpenPoints): Promise<CopiedPoint[]> {
  return await Array.fromAsync(copyPoints(source, target, await source.listPoints(), options));
}

/** Captures versions of one disk, each on the one before; answers what each point holds. */
async function capture(points: OpenPoints, versions: readonly Buffer[]): Promise<Map<string, Buffer>> {
  const held = new Map<string, Buffer>();
  let base;
  for (const [i, bytes] of versions.entries()) {
    base = await captureAll(points, bytes, base);
    await points.publishPoint({ ...pointOf(`p${i}`, base), publishedAtMs: i });
    held.set(`p${i}`, bytes);
  }
  return held;
}

async function expectSame(points: OpenPoints, held: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const [id, bytes] of held) {
    const point = await points.findPoint(id);
    expect((await readAll(points, point!.disks[0]!.image)).equals(bytes), id).toBe(true);
  }
  expect((await points.check()).findings).toEqual([]);
}

const edits = fc.array(
  fc.record({ at: fc.nat(1_500_000), length: fc.integer({ min: 1, max: 400_000 }), isZero: fc.boolean() }),
  { maxLength: 3 },
);

test("copies read as their sources, in whatever order and however often points are copied", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(edits, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 4 }),
      async (steps, early) => {
        const versions: Buffer[] = [];
        let disk = Buffer.alloc(1_500_123);
        for (const step of steps) {
          disk = Buffer.from(disk);
          for (const { at, length, isZero } of step)
            disk.fill(isZero ? 0 : (at % 255) + 1, at, Math.min(at + length, disk.length));
          versions.push(disk);
        }
        const source = await openKeyed(new InMemoryBlobStore());
        const held = await capture(source, versions);
        const store = new InMemoryBlobStore();
        const target = await openOther(store);
        for (const pick of early) {
          const point = await source.findPoint(`p${pick % versions.length}`);
          await Array.fromAsync(copyPoints(source, target, [point!], options));
        }
        await copyAll(source, target);
        await expectSame(target, held);
        await expectSame(await openOther(store), held);
        const names = new Set(store.objects.keys());
        expect((await copyAll(source, target)).map(({ kind }) => kind)).toEqual(versions.map(() => "already-there"));
        expect(new Set(store.objects.keys())).toEqual(names);
      },
    ),
    { numRuns: 15 },
  );
});

test("a copy of a later point reads what changed since the one before, and stores no more", async () => {
  const first = randomBytes(4_000_000);
  const second = Buffer.from(first);
  randomBytes(1000).copy(second, 3_000_000);
  second.fill(0, 0, 512 * KiB);
  const source = await openKeyed(new InMemoryBlobStore());
  await capture(source, [first, second]);
  const target = await openOther(new InMemoryBlobStore());
  const [whole, next] = await copyAll(source, target);
  expect(whole).toMatchObject({ kind: "copied", readBytes: first.length, isIncremental: false });
  expect(next).toMatchObject({ kind: "copied", readBytes: 256 * KiB, isIncremental: true });
});

test("a copy names the repository that captured it, also when it is copied on, and forgets it at home", async () => {
  const home = await openKeyed(new InMemoryBlobStore());
  await capture(home, [randomBytes(1000)]);
  const away = await openOther(new InMemoryBlobStore());
  await copyAll(home, away);
  const third = await openKeyed(new InMemoryBlobStore(), undefined, { ...otherKeys, repositoryId: "third" });
  await copyAll(away, third);
  for (const points of [away, third])
    expect((await points.findPoint("p0"))?.origin).toEqual({ repositoryId: "test", copiedAtMs: options.clock.now() });
  const emptied = await openKeyed(new InMemoryBlobStore());
  await copyAll(third, emptied);
  const { disks: _disks, ...came } = (await emptied.findPoint("p0"))!;
  const { disks: _left, ...went } = (await home.findPoint("p0"))!;
  expect(came).toEqual(went);
});

test("the two repositories share no chunk id", async () => {
  const source = await openKeyed(new InMemoryBlobStore());
  await capture(source, [randomBytes(2_000_000)]);
  const target = await openOther(new InMemoryBlobStore());
  await copyAll(source, target);
  const roots = await Promise.all([source, target].map(async (points) => (await points.findPoint("p0"))?.disks[0]));
  expect(roots[0]!.image.rootId).not.toBe(roots[1]!.image.rootId);
});

test("a point that is damaged in the source fails alone, and nothing of it is published", async () => {
  const store = new InMemoryBlobStore();
  const source = await openKeyed(store);
  const disks = [randomBytes(700_000), randomBytes(700_000)];
  for (const [i, bytes] of disks.entries()) {
    const before = new Set(store.objects.keys());
    await source.publishPoint(pointOf(`p${i}`, await captureAll(source, bytes)));
    const [pack] = [...store.objects.keys()].filter((name) => name.startsWith("packs/") && !before.has(name));
    if (i === 1) store.objects.get(pack!)![100]! ^= 1;
  }
  const target = await openOther(new InMemoryBlobStore());
  const results = await copyAll(source, target);
  expect(results.find(({ kind }) => kind === "failed")).toMatchObject({
    pointId: "p1",
    error: { code: "repository.chunk.damaged" },
  });
  await expectSame(target, new Map([["p0", disks[0]!]]));
  expect(await target.findPoint("p1")).toBeNull();
});

test("another point of the same id in the target is not replaced", async () => {
  const source = await openKeyed(new InMemoryBlobStore());
  await capture(source, [randomBytes(1000)]);
  const target = await openOther(new InMemoryBlobStore());
  const held = await capture(target, [randomBytes(2000)]);
  expect(await copyAll(source, target)).toMatchObject([{ kind: "failed", error: { code: "repository.point.exists" } }]);
  await expectSame(target, held);
});

test("a repository is not copied to itself", async () => {
  const store = new InMemoryBlobStore();
  await expect(copyAll(await openKeyed(store), await openKeyed(store))).rejects.toMatchObject({
    code: "repository.copy.same",
  });
});
