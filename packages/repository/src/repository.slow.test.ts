import { mkdtemp, rm } from "node:fs/promises";
import { randomBytes, randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RecoveryPoint } from "@holdfast/domain";
import { KiB, MiB, Secret } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";
import { FakeClock } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { createFileBlobStore, createRepository, InMemoryBlobStore, openRepository } from "./index.ts";
import type { BlobStore } from "./index.ts";

const random: Random = { bytes: (n) => randomBytes(n), uuid: () => randomUUID(), fraction: () => 0.5 };
const clock = new FakeClock();
const passphrase = new Secret("correct horse");

async function makeStore(store: BlobStore) {
  const made = await createRepository(store, { passphrase, random, clock });
  return { made, points: await openRepository(store, { passphrase, random, clock }) };
}

function diskOf(bytes: Uint8Array) {
  return { sizeBytes: bytes.length, read: async (r: { start: number; end: number }) => bytes.slice(r.start, r.end) };
}

function pointOf(id: string, image: unknown): RecoveryPoint {
  return { id, publishedAtMs: 1, disks: [{ image }] } as unknown as RecoveryPoint;
}

async function keepOnePoint(store: BlobStore) {
  const { made, points } = await makeStore(store);
  const disk = new Uint8Array(70 * MiB + 512);
  disk.set(randomBytes(300 * KiB), 5 * MiB);
  disk.set(randomBytes(900), disk.length - 900);
  const { image } = await points.captureDisk({ source: diskOf(disk), ranges: [{ start: 0, end: disk.length }] });
  await points.publishPoint(pointOf("p1", image));
  return { made, points, disk, image };
}

test("a disk in files reads back after reopening, by passphrase and by recovery code", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-"));
  try {
    const store = createFileBlobStore(join(folder, "repo"), random);
    const { made, disk } = await keepOnePoint(store);
    const code = new Secret(/Code: +(\S+)/.exec(made.recoveryKit)![1]!);
    expect(made.lastGroup).toMatch(/^[0-9A-Z]{4}$/);
    expect(code.reveal().endsWith(`-${made.lastGroup}`)).toBe(true);
    for (const key of [{ passphrase }, { recoveryCode: code }]) {
      const reopened = await openRepository(store, { ...key, random, clock });
      const [point] = await reopened.listPoints();
      const stored = await reopened.openDisk(point!.disks[0]!.image);
      expect(Buffer.from(await stored.read({ start: 0, end: disk.length })).equals(disk)).toBe(true);
      expect((await reopened.check()).findings).toEqual([]);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a capture on a base writes changes and zeros only", async () => {
  const { points, disk, image } = await keepOnePoint(new InMemoryBlobStore());
  disk.fill(7, 9 * MiB, 9 * MiB + 10);
  disk.fill(0, 5 * MiB, 5 * MiB + 256 * KiB + 10);
  const capture = await points.captureDisk({
    source: diskOf(disk),
    base: image,
    ranges: [{ start: 9 * MiB, end: 9 * MiB + 10 }],
    zeroRanges: [{ start: 5 * MiB, end: 5 * MiB + 256 * KiB + 10 }],
  });
  expect(capture.readBytes).toBe(512 * KiB);
  const stored = await points.openDisk(capture.image);
  expect(Buffer.from(await stored.read({ start: 0, end: disk.length })).equals(disk)).toBe(true);
});

test("a wrong passphrase is refused by name", async () => {
  const store = new InMemoryBlobStore();
  await makeStore(store);
  const opening = openRepository(store, { passphrase: new Secret("wrong"), random, clock });
  await expect(opening).rejects.toMatchObject({ code: "repository.key.wrong-passphrase" });
});

for (const kind of ["packs/", "index/", "points/"]) {
  for (const harm of ["flip", "cut", "delete"]) {
    test(`check finds ${harm} of one object under ${kind}`, async () => {
      const store = new InMemoryBlobStore();
      await keepOnePoint(store);
      const name = [...store.objects.keys()].find((key) => key.startsWith(kind))!;
      const bytes = store.objects.get(name)!;
      if (harm === "flip") bytes[60]! ^= 1;
      else if (harm === "cut") store.objects.set(name, bytes.slice(0, 50));
      else store.objects.delete(name);
      const reopened = await openRepository(store, { passphrase, random, clock });
      const { findings, pointCount } = await reopened.check();
      // A point whose manifest was deleted is gone: no other object knows of it.
      if (kind === "points/" && harm === "delete") expect(pointCount).toBe(0);
      else expect(findings).not.toEqual([]);
      if (kind === "packs/") expect(findings.map((f) => f.object)).toContain(name);
    });
  }
}
