import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ByteRange } from "./byte-range.ts";
import {
  alignRanges,
  byteRange,
  intersectRanges,
  normalizeRanges,
  splitRanges,
  subtractRanges,
  totalLength,
  uniteRanges,
} from "./byte-range.ts";

const universe = 200;
const anyRanges = fc
  .array(fc.tuple(fc.nat(universe), fc.nat(universe)), { maxLength: 12 })
  .map((pairs) => pairs.map(([a, b]) => byteRange(Math.min(a, b), Math.max(a, b))));

/** The model: the set of bytes that ranges cover. */
function bytesOf(ranges: readonly ByteRange[]): Set<number> {
  const bytes = new Set<number>();
  for (const { start, end } of ranges) for (let byte = start; byte < end; byte += 1) bytes.add(byte);
  return bytes;
}

function expectNormalized(ranges: readonly ByteRange[]): void {
  ranges.forEach((range, index) => {
    expect(range.end).toBeGreaterThan(range.start);
    if (index > 0) expect(range.start).toBeGreaterThan(ranges[index - 1]!.end);
  });
}

describe("byte ranges, against a set of bytes", () => {
  test("normalizeRanges keeps the bytes and is in canonical form", () => {
    fc.assert(
      fc.property(anyRanges, (ranges) => {
        const normal = normalizeRanges(ranges);
        expectNormalized(normal);
        expect(bytesOf(normal)).toEqual(bytesOf(ranges));
        expect(totalLength(normal)).toBe(bytesOf(ranges).size);
      }),
    );
  });

  test("unite, intersect and subtract do what sets do", () => {
    fc.assert(
      fc.property(anyRanges.map(normalizeRanges), anyRanges.map(normalizeRanges), (a, b) => {
        const [left, right] = [bytesOf(a), bytesOf(b)];
        for (const [got, want] of [
          [uniteRanges(a, b), left.union(right)],
          [intersectRanges(a, b), left.intersection(right)],
          [subtractRanges(a, b), left.difference(right)],
        ] as const) {
          expectNormalized(got);
          expect(bytesOf(got)).toEqual(want);
        }
      }),
    );
  });

  test("alignRanges covers the bytes, on borders, within the limit", () => {
    fc.assert(
      fc.property(anyRanges, fc.integer({ min: 1, max: 64 }), (ranges, granularity) => {
        const aligned = alignRanges(ranges, granularity, universe);
        expectNormalized(aligned);
        expect(bytesOf(ranges).isSubsetOf(bytesOf(aligned))).toBe(true);
        for (const { start, end } of aligned) {
          expect(start % granularity).toBe(0);
          expect(end % granularity === 0 || end === universe).toBe(true);
        }
      }),
    );
  });

  test("splitRanges keeps the bytes in pieces of a size", () => {
    fc.assert(
      fc.property(anyRanges.map(normalizeRanges), fc.integer({ min: 1, max: 50 }), (ranges, size) => {
        const pieces = [...splitRanges(ranges, size)];
        expect(bytesOf(pieces)).toEqual(bytesOf(ranges));
        expect(pieces.every((piece) => piece.end - piece.start <= size)).toBe(true);
      }),
    );
  });
});

describe("byteRange", () => {
  test.each([
    [-1, 0],
    [2, 1],
    [0.5, 1],
    [0, Number.MAX_SAFE_INTEGER + 1],
  ])("refuses [%s, %s)", (start, end) => {
    expect(() => byteRange(start, end)).toThrow("invariant broken");
  });
});
