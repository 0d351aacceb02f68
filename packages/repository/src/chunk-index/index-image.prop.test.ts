import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { openIndexImage } from "./index-image.ts";
import { readRecord, recordBytes, writeRecord } from "./index-record.ts";
import { createRecordSorter, sortedRecords } from "./sort-records.ts";
import { writeIndexImage } from "./write-index-image.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-image-"));
afterAll(() => rmSync(folder, { recursive: true }));
const keys = { repositoryId: "r", master: Buffer.alloc(32, 1) };

/** Ids that share beginnings, so that blocks begin and end with the same ones. */
const id = fc
  .tuple(fc.constantFrom("00", "7f", "ff"), fc.constantFrom("00000000000000", "0000000000ffff"), fc.nat(600))
  .map(([first, middle, last]) => first + middle + last.toString(16).padStart(48, "0"));

const entry = fc.record({
  id,
  offset: fc.nat(2 ** 25),
  storedBytes: fc.nat(300_000),
  plainBytes: fc.integer({ min: 1, max: 262_144 }),
  isCompressed: fc.boolean(),
  kind: fc.constantFrom("data" as const, "node" as const),
  ordinal: fc.nat(9000),
});

function makeImage(entries: readonly (typeof entry extends fc.Arbitrary<infer T> ? T : never)[]) {
  const sorting = mkdtempSync(join(folder, "sort-"));
  const sorter = createRecordSorter(sorting);
  const record = Buffer.alloc(recordBytes);
  for (const [i, one] of entries.entries()) {
    writeRecord(record, 0, one, i % 3);
    sorter.add(record);
  }
  sorter.close();
  const packIds = ["aa", "bb", "cc"].map((two) => two.repeat(16));
  const path = join(folder, "image");
  const content = { covers: ["index/one"], recordCount: sorter.count, packIds, records: sortedRecords(sorting) };
  writeIndexImage(path, keys, randomBytes(16), content);
  return { path, packIds };
}

test("an image answers every copy of every chunk, and nothing else", () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 1500 }), id, (entries, other) => {
      const { path, packIds } = makeImage(entries);
      using image = openIndexImage(path, keys);
      expect(image.covers).toEqual(["index/one"]);
      const known = new Map(entries.map((one) => [one.id, [] as unknown[]]));
      for (const [i, one] of entries.entries()) known.get(one.id)!.push({ packId: packIds[i % 3], entry: one });
      for (const one of new Set([...known.keys(), other])) {
        const found = image.findAll(one);
        const expected = known.get(one) ?? [];
        expect(found).toHaveLength(expected.length);
        expect(found).toEqual(expect.arrayContaining(expected));
      }
      const all = [...image.records()].flatMap((block) =>
        Array.from({ length: block.length / recordBytes }, (_, i) => readRecord(block, i * recordBytes).entry.id),
      );
      expect(all).toEqual(entries.map((one) => one.id).toSorted());
    }),
    { numRuns: 40 },
  );
});

test("an image that was changed, cut or is of another repository is refused, at opening or where it is read", () => {
  const entries = fc.sample(entry, { numRuns: 700, seed: 1 });
  const { path } = makeImage(entries);
  const whole = readFileSync(path);
  const refused = (bytes: Buffer, by = keys): boolean => {
    writeFileSync(path, bytes);
    try {
      using image = openIndexImage(path, by);
      for (const one of entries) if (image.findAll(one.id).length === 0) return true;
      for (const block of image.records()) if (block.length === 0) return true;
      return false;
    } catch {
      return true;
    }
  };
  expect(refused(whole)).toBe(false);
  expect(refused(whole, { ...keys, repositoryId: "another" })).toBe(true);
  expect(refused(whole, { ...keys, master: Buffer.alloc(32, 2) })).toBe(true);
  for (let at = 0; at < whole.length; at += 997) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1;
    expect(refused(flipped), `byte ${at}`).toBe(true);
    expect(refused(whole.subarray(0, at)), `cut at ${at}`).toBe(true);
  }
});
