import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { KiB } from "@holdfast/kernel";
import { expect, test } from "vitest";
import { createFileBlobStore } from "../blob-store/file-blob-store.ts";
import {
  captureAll,
  openKeyed,
  otherKeys,
  pointOf,
  readAll,
  sha256,
  strongRandom,
} from "../testing/keyed-repository.ts";

const copier = fileURLToPath(new URL("../testing/crash-copier.ts", import.meta.url));
const openCopy = (folder: string) => openKeyed(createFileBlobStore(folder, strongRandom), undefined, otherKeys);

async function runCopier(...args: readonly string[]): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, [copier, ...args], { stdio: ["ignore", "ignore", "inherit"] });
  await once(child, "exit");
  return child.signalCode;
}

test("a copy killed before and after each call to its target goes on, and what is published is whole", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-copy-"));
  try {
    const from = join(folder, "from");
    const source = await openKeyed(createFileBlobStore(from, strongRandom));
    const sums = new Map<string, string>();
    const disk = randomBytes(900 * KiB);
    let base;
    for (const id of ["p0", "p1"]) {
      base = await captureAll(source, disk, base);
      await source.publishPoint({ ...pointOf(id, base), publishedAtMs: sums.size });
      sums.set(id, sha256(disk));
      randomBytes(1000).copy(disk, 500 * KiB);
    }
    let kills = 0;
    for (let call = 0, isOver = false; !isOver; call += 1) {
      const to = join(folder, `to-${call}`);
      for (const timing of ["before", "after"]) {
        const signal = await runCopier(from, to, String(call), timing);
        isOver = signal === null;
        if (signal === "SIGKILL") kills += 1;
        const copy = await openCopy(to);
        const points = await copy.listPoints();
        for (const { id, disks } of points) expect(sha256(await readAll(copy, disks[0]!.image)), id).toBe(sums.get(id));
        expect((await copy.check()).findings).toEqual([]);
      }
      expect(await runCopier(from, to, "1000", "after")).toBeNull();
      const copy = await openCopy(to);
      expect((await copy.listPoints()).map(({ id }) => id).toSorted()).toEqual(["p0", "p1"]);
      for (const { id, disks } of await copy.listPoints())
        expect(sha256(await readAll(copy, disks[0]!.image)), id).toBe(sums.get(id));
      await rm(to, { recursive: true });
    }
    expect(kills).toBeGreaterThan(10);
  } finally {
    await rm(folder, { recursive: true });
  }
});
