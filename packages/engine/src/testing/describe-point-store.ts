import type { RecoveryPoint } from "@holdfast/domain";
import { describe, expect, test } from "vitest";
import type { PointStore } from "../ports/point-store.ts";
import { PageImage } from "./page-image.ts";
import { createWorld } from "./world.ts";
import { backupVm } from "../capture/backup-vm.ts";

const sizeBytes = 1024 ** 2;

/** What every adapter of `PointStore` has to do. `make` gives an empty one each time. */
export function describePointStore(make: () => Promise<PointStore>): void {
  const capture = async (store: PointStore, image: PageImage, base?: Parameters<PointStore["openDisk"]>[0]) =>
    await store.captureDisk({
      source: { sizeBytes, read: async (range) => image.read(range) },
      ranges: image.allocated(),
      ...(base === undefined ? {} : { base }),
    });
  const readAll = async (store: PointStore, image: Parameters<PointStore["openDisk"]>[0]): Promise<Buffer> =>
    Buffer.from(await (await store.openDisk(image)).read({ start: 0, end: sizeBytes }));

  describe("PointStore", () => {
    test("gives back what was captured, and lists what is not zero", async () => {
      await using store = await make();
      const image = new PageImage(sizeBytes);
      image.write(5000, new Uint8Array(9000).fill(7));
      const { image: made } = await capture(store, image);
      expect((await readAll(store, made)).equals(image.read({ start: 0, end: sizeBytes }))).toBe(true);
      const covered = Buffer.alloc(sizeBytes);
      for await (const range of (await store.openDisk(made)).listAllocated()) covered.fill(1, range.start, range.end);
      expect(covered.subarray(5000, 14_000).every((byte) => byte === 1)).toBe(true);
    });

    test("a capture on a base changes its ranges only, and leaves the base", async () => {
      await using store = await make();
      const older = new PageImage(sizeBytes);
      older.write(0, new Uint8Array(sizeBytes / 2).fill(1));
      const first = await capture(store, older);
      const newer = older.copy();
      newer.write(4096, new Uint8Array(4096).fill(2));
      newer.write(sizeBytes / 2, new Uint8Array(4096).fill(3));
      const { image: second } = await store.captureDisk({
        source: { sizeBytes, read: async (range) => newer.read(range) },
        ranges: [
          { start: 4096, end: 8192 },
          { start: sizeBytes / 2, end: sizeBytes / 2 + 4096 },
        ],
        base: first.image,
      });
      expect((await readAll(store, second)).equals(newer.read({ start: 0, end: sizeBytes }))).toBe(true);
      expect((await readAll(store, first.image)).equals(older.read({ start: 0, end: sizeBytes }))).toBe(true);
    });

    test("lists published points, newest first", async () => {
      await using store = await make();
      const { deps, vm } = createWorld();
      const first: RecoveryPoint = await backupVm({ ...deps, points: store }, { vmId: vm.id });
      const later = { ...first, id: deps.random.uuid(), publishedAtMs: first.publishedAtMs + 60_000 };
      await store.publishPoint(later);
      expect((await store.listPoints()).map((point) => point.id)).toEqual([later.id, first.id]);
      expect(await store.findPoint(first.id)).toEqual(first);
      expect(await store.findPoint(deps.random.uuid())).toBeNull();
      expect((await store.check()).findings).toEqual([]);
    });
  });
}
