import type { DiskImage } from "@holdfast/domain";
import { alignRanges, KiB, MiB, subtractRanges, totalLength, uniteRanges } from "@holdfast/kernel";
import type { ByteRange } from "@holdfast/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { InMemoryBlobStore } from "./blob-store/in-memory-blob-store.ts";
import { chunkSizeBytes } from "./format/limits.ts";
import { openKeyed, pointOf, readAll, sha256 } from "./testing/keyed-repository.ts";

interface Change {
  readonly what: "noise" | "pattern" | "zeros";
  readonly start: number;
  readonly length: number;
  readonly seed: number;
}

const changeOf = (sizeBytes: number): fc.Arbitrary<Change> =>
  fc.record({
    what: fc.constantFrom("noise", "pattern", "zeros"),
    start: fc.oneof(
      fc.nat(sizeBytes - 1),
      fc.nat(Math.floor((sizeBytes - 1) / chunkSizeBytes)).map((i) => i * chunkSizeBytes),
      fc.nat(Math.min(sizeBytes, 2 * MiB) - 1).map((back) => sizeBytes - 1 - back),
    ),
    length: fc.oneof(fc.integer({ min: 1, max: 600 * KiB }), fc.constantFrom(512, chunkSizeBytes, 2 * chunkSizeBytes)),
    seed: fc.nat(3),
  });

/** Small disks of any length, and some that a tree of two levels spans. */
const history = fc
  .oneof(
    { arbitrary: fc.integer({ min: 1, max: 2 * MiB }), weight: 6 },
    { arbitrary: fc.integer({ min: 64 * MiB + 1, max: 65 * MiB }), weight: 1 },
  )
  .chain((sizeBytes) =>
    fc.record({
      sizeBytes: fc.constant(sizeBytes),
      captures: fc.array(
        fc.record({ isFull: fc.boolean(), changes: fc.array(changeOf(sizeBytes), { maxLength: 5 }) }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
  );

/** Makes the change, and answers the range that it touched. */
function apply(disk: Buffer, { what, start, length, seed }: Change): ByteRange {
  const end = Math.min(start + length, disk.length);
  if (what === "zeros") disk.fill(0, start, end);
  else if (what === "pattern") disk.fill(seed + 1, start, end);
  // Every byte of the noise hangs on its place in the chunk, so equal changes of two chunks make equal chunks.
  else for (let i = start; i < end; i += 1) disk[i] = ((i % chunkSizeBytes) * 2_654_435_761 + seed * 97) >>> 13;
  return { start, end };
}

/** What a repository should hold, worked out from the bytes alone: contents known by their sum, each kept once. */
class ContentModel {
  readonly #seen = new Set<string>();

  /** Answers how many bytes of chunks and nodes the disk adds. */
  add(disk: Buffer): number {
    let added = 0;
    const keep = (key: string, bytes: number): string => {
      if (!this.#seen.has(key)) added += bytes;
      this.#seen.add(key);
      return key;
    };
    let level: (string | null)[] = [];
    for (let at = 0; at < disk.length; at += chunkSizeBytes) {
      const chunk = disk.subarray(at, at + chunkSizeBytes);
      level.push(isZero(chunk) ? null : keep(`data ${sha256(chunk)}`, chunk.length));
    }
    for (let depth = 0; depth === 0 || level.length > 1; depth += 1) {
      const parents: (string | null)[] = [];
      for (let at = 0; at < level.length; at += 256) {
        const children = level.slice(at, at + 256);
        const count = children.filter((child) => child !== null).length;
        const text = Buffer.from(
          JSON.stringify([depth, ...children.map((child, i) => (child === null ? "" : i + child))]),
        );
        parents.push(count === 0 ? null : keep(`node ${sha256(text)}`, 40 + 32 * count));
      }
      level = parents;
    }
    return added;
  }
}

function isZero(bytes: Buffer): boolean {
  return bytes.equals(Buffer.alloc(bytes.length));
}

function allocatedOf(disk: Buffer): ByteRange[] {
  const found: ByteRange[] = [];
  for (let start = 0; start < disk.length; start += chunkSizeBytes) {
    const end = Math.min(start + chunkSizeBytes, disk.length);
    if (!isZero(disk.subarray(start, end))) found.push({ start, end });
  }
  return uniteRanges(found, []);
}

test("any history of captures reads back byte for byte, and stores each content once", async () => {
  await fc.assert(
    fc.asyncProperty(history, async ({ sizeBytes, captures }) => {
      const store = new InMemoryBlobStore();
      const model = new ContentModel();
      const disk = Buffer.alloc(sizeBytes);
      const kept: { readonly image: DiskImage; readonly sum: string }[] = [];
      let points = await openKeyed(store);
      for (const [i, { isFull, changes }] of captures.entries()) {
        let ranges: ByteRange[] = [];
        let zeroRanges: ByteRange[] = [];
        for (const change of changes) {
          const range = [apply(disk, change)];
          ranges = change.what === "zeros" ? subtractRanges(ranges, range) : uniteRanges(ranges, range);
          zeroRanges = change.what === "zeros" ? uniteRanges(zeroRanges, range) : subtractRanges(zeroRanges, range);
        }
        const base = kept.at(-1)?.image;
        if (isFull || base === undefined) {
          ranges = allocatedOf(disk);
          zeroRanges = [];
        }
        const reads: ByteRange[] = [];
        const source = {
          sizeBytes,
          read: async (range: ByteRange) => {
            reads.push(range);
            return Uint8Array.from(disk.subarray(range.start, range.end));
          },
        };
        const input = { source, ranges, zeroRanges, ...(isFull || base === undefined ? {} : { base }) };
        const made = await points.captureDisk(input);
        expect(made.addedBytes).toBe(model.add(disk));
        // Only chunks that a change touched are read, and none twice.
        const touched = alignRanges(uniteRanges(ranges, zeroRanges), chunkSizeBytes, sizeBytes);
        expect(subtractRanges(uniteRanges(reads, []), touched)).toEqual([]);
        expect(totalLength(uniteRanges(reads, []))).toBe(made.readBytes);
        await points.publishPoint(pointOf(`p${i}`, made.image));
        kept.push({ image: made.image, sum: sha256(disk) });
        expect(await Array.fromAsync((await points.openDisk(made.image)).listAllocated())).toEqual(allocatedOf(disk));
        const [start = 0, end = sizeBytes] = changes.map((change) => change.start).toSorted((a, b) => a - b);
        const part = await (await points.openDisk(made.image)).read({ start, end });
        expect(disk.subarray(start, end).equals(part)).toBe(true);
        if (i % 2 === 0) points = await openKeyed(store);
      }
      for (const { image, sum } of kept) expect(sha256(await readAll(points, image))).toBe(sum);
      expect((await points.check()).findings).toEqual([]);
    }),
    { numRuns: 30 },
  );
});
