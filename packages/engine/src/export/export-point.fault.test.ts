import { expect, test } from "vitest";
import { backupVm } from "../capture/backup-vm.ts";
import type { ImageFile, ImageFiles } from "../ports/image-files.ts";
import { createWorld, killAtEachCall, listTagged, testDiskBytes } from "../testing/index.ts";
import { exportPoint } from "./export-point.ts";

/** Files in memory: what is committed appears under its name, as it was at that moment. */
function createMemoryFiles(): ImageFiles & { readonly committed: Map<string, Uint8Array> } {
  const committed = new Map<string, Uint8Array>();
  return {
    committed,
    create: async (path, sizeBytes) => {
      const bytes = new Uint8Array(sizeBytes);
      return {
        write: async (offsetBytes, data) => bytes.set(data, offsetBytes),
        convert: () => Promise.reject(new Error("not asked for")),
        commit: async () => void committed.set(path, bytes.slice()),
        [Symbol.asyncDispose]: async () => undefined,
      } satisfies ImageFile;
    },
  };
}

test.each([true, false])(
  "an export killed at any call, its effect done: %s, leaves a whole file or none, and nothing on the stamp",
  async (takesEffect) => {
    const kills = await killAtEachCall(
      {
        prepare: async () => {
          const world = createWorld({ diskCount: 1 });
          const { id: pointId } = await backupVm(world.deps, { vmId: world.vm.id });
          const before = { objects: world.stamp.listObjects(), tagged: listTagged(world) };
          return { world, files: createMemoryFiles(), pointId, before };
        },
        act: ({ files, pointId }, deps, mortal) => {
          const { create } = mortal.wrap<ImageFiles>(files);
          const mortalFiles: ImageFiles = {
            create: async (path, sizeBytes) => mortal.wrap(await create(path, sizeBytes)),
          };
          return exportPoint({ ...deps, files: mortalFiles, imageTool: null }, { pointId, to: "a.raw", format: "raw" });
        },
        judge: async ({ world, files, before }, killedAt) => {
          const whole = Buffer.from(world.stamp.imageOf(world.vm.disks[0]!).read({ start: 0, end: testDiskBytes }));
          for (const bytes of files.committed.values()) expect(whole.equals(bytes), killedAt).toBe(true);
          expect(world.stamp.listObjects(), killedAt).toEqual(before.objects);
          expect(listTagged(world), killedAt).toEqual(before.tagged);
          expect((await world.records.listLedger("east")).every(({ state }) => state === "kept")).toBe(true);
        },
      },
      { takesEffect },
    );
    expect(kills).toBeGreaterThan(5);
  },
);
