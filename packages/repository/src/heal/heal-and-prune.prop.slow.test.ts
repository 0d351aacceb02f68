import { FakeClock } from "@holdfast/kernel/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { InMemoryBlobStore } from "../blob-store/in-memory-blob-store.ts";
import { copyPoints } from "../copy/copy-points.ts";
import { openKeyed, otherKeys } from "../testing/keyed-repository.ts";
import { publishDisk, readPoint } from "../testing/prune-world.ts";

/** What each point's disk holds, chunk by chunk. */
const disks: Readonly<Record<string, readonly number[]>> = { a: [1, 2, 3], b: [2, 3, 4], c: [9, 8, 1] };

async function makeRepository() {
  const store = new InMemoryBlobStore();
  const points = await openKeyed(store);
  for (const [id, chunks] of Object.entries(disks)) await publishDisk(points, id, [...chunks]);
  const copy = await openKeyed(new InMemoryBlobStore(), undefined, otherKeys);
  await Array.fromAsync(copyPoints(points, copy, await points.listPoints(), { clock: new FakeClock() }));
  return { store, copy };
}

async function expectAll(store: InMemoryBlobStore, ids: readonly string[]): Promise<void> {
  const points = await openKeyed(store);
  for (const id of ids) expect(await readPoint(points, id), id).toEqual(disks[id]);
  // A prune keeps either copy of a chunk that opens; a directory that is damaged does not keep a chunk from opening.
  const { findings } = await points.check();
  for (const { code, pointIds } of findings) if (code !== "repository.pack.damaged") expect(pointIds).toEqual([]);
}

test("prunes after a heal take nothing that a point needs, whichever copy of a chunk they would keep", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(), fc.boolean(), async (which, at, isDeletedToo) => {
      const { store, copy } = await makeRepository();
      const packs = [...store.objects.keys()].filter((name) => name.startsWith("packs/"));
      const bytes = store.objects.get(packs[which % packs.length]!)!;
      bytes[24 + (at % (bytes.length - 24))]! ^= 1;
      const points = await openKeyed(store);
      expect((await points.heal([copy])).unhealed).toEqual([]);
      const ids = isDeletedToo ? ["b", "c"] : ["a", "b", "c"];
      if (isDeletedToo) await points.deletePoints(["a"], { hasConsent: true });
      for (let prunes = 0; prunes < 3; prunes += 1) {
        await (await openKeyed(store)).prune({ graceRounds: 0 });
        await expectAll(store, ids);
      }
    }),
    { numRuns: 10 },
  );
});

test("a heal while prunes run leaves every point whole", async () => {
  const { store, copy } = await makeRepository();
  for (const [name, bytes] of store.objects) if (name.startsWith("packs/")) bytes[30]! ^= 1;
  const healer = await openKeyed(store);
  const pruner = await openKeyed(store);
  const healing = healer.heal([copy]);
  // A prune stops where it cannot read a node; it never deletes for that.
  for (let prunes = 0; prunes < 3; prunes += 1) await pruner.prune({ graceRounds: 0 }).catch(() => undefined);
  expect((await healing).unhealed).toEqual([]);
  for (let prunes = 0; prunes < 3; prunes += 1) await (await openKeyed(store)).prune({ graceRounds: 0 });
  await expectAll(store, Object.keys(disks));
});
