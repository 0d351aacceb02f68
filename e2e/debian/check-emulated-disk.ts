// What the emulator's half of the Debian story rests on, with the real machine images and no product in between:
//   node e2e/debian/check-emulated-disk.ts
// A disk holds a1; the guest's writes turn it into a2; the snapshots before and after must tell exactly the ranges that
// differ; a disk made of the second snapshot must be a2 to the bit, and boot. Needs QEMU, 9 GiB and about two minutes.
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { alignRanges, formatBytes, formatDuration, subtractRanges, totalLength } from "@holdfast/kernel";
import { createVmBodies, openFilePageStore, type PageStore, type PageView, type PageVolume } from "@holdfast/emulator";
import { findDataset, hashFile } from "./dataset.ts";
import { writeRanges } from "./guest-writes.ts";

const bootTimeoutMs = 180_000;

async function time<T>(phase: string, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const result = await work();
  console.log(`${phase.padEnd(44)} ${formatDuration(performance.now() - startedMs)}`);
  return result;
}

async function hashView(view: PageView): Promise<string> {
  const hash = createHash("sha256");
  const piece = Buffer.alloc(4 * 1024 * 1024);
  for (let start = 0; start < view.sizeBytes; start += piece.length) {
    const part = piece.subarray(0, Math.min(piece.length, view.sizeBytes - start));
    await view.read(start, part);
    hash.update(part);
  }
  return hash.digest("hex");
}

function claim(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(`not so: ${what}`);
  console.log(`  ${what}`);
}

async function fillDisk(pages: PageStore): Promise<PageVolume> {
  const disk = await pages.create("disk", dataset.sizeBytes);
  await writeRanges(disk, dataset.before, dataset.allocated);
  return disk;
}

const dataset = await findDataset(console.log);
const parent = join(import.meta.dirname, "../../.holdfast");
await mkdir(parent, { recursive: true });
const folder = await mkdtemp(join(parent, "debian-"));
try {
  await using pages = await openFilePageStore({ folder: join(folder, "pages"), isDurable: true });
  const disk = await time("a1 into a disk", () => fillDisk(pages));
  const first = await time("first snapshot", () => disk.snapshot());
  await time("the guest's writes, a1 to a2", () => writeRanges(disk, dataset.after, dataset.changed));
  const second = await time("second snapshot", () => disk.snapshot());

  const written = disk.listChanges(first, second)?.written ?? [];
  const missed = subtractRanges(dataset.changed, written);
  const surplus = subtractRanges(written, dataset.changed);
  claim(missed.length + surplus.length === 0, `the changed ranges are exact: ${written.length} ranges`);
  const chunked = alignRanges(written, 1024 * 1024, dataset.sizeBytes);
  claim(true, `${formatBytes(totalLength(written))} changed, ${formatBytes(totalLength(chunked))} in whole MiB`);

  const restored = await time("a new disk of the second snapshot", () =>
    pages.clone("restored", { volumeId: "disk", snapshotId: second }),
  );
  const [expected, found] = await time("SHA-256 of both", () =>
    Promise.all([hashFile(dataset.after, dataset.sizeBytes), hashView(restored)]),
  );
  claim(expected === found, `the new disk is a2 to the bit: ${found}`);

  await using bodies = await createVmBodies({ pageStore: pages }, { kind: "real", folder });
  const visibleBytes = restored.sizeBytes;
  const bootMarker = await time("boot to its marker", async () => {
    const disks = [{ lun: null, volumeId: "restored", visibleBytes }];
    await bodies.start({ vmKey: "restored", memoryMiB: 1024, cores: 2, disks });
    const deadlineMs = performance.now() + bootTimeoutMs;
    for (;;) {
      const line = /BOOT-OK.*/.exec(await bodies.serialLog("restored"))?.[0];
      if (line !== undefined || performance.now() > deadlineMs || !bodies.isRunning("restored")) return line;
      await sleep(100);
    }
  });
  claim(bootMarker !== undefined, `it boots: ${bootMarker?.trim()}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
