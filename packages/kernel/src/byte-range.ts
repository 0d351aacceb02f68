import { invariant } from "./errors.ts";

/**
 * Half-open `[start, end)` in bytes: the only internal form of a range. Adapters convert the inclusive ranges of HTTP
 * and of page blobs at the edge, and say so.
 */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Makes a range, checking that both ends are safe integers in order. An empty range is allowed. */
export function byteRange(start: number, end: number): ByteRange {
  invariant(
    Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end >= start,
    `byte range [${start}, ${end}) is not ordered safe integers`,
  );
  return { start, end };
}

export function rangeLength(range: ByteRange): number {
  return range.end - range.start;
}

/** Sum of lengths. Ranges that overlap count twice: normalise first where that matters. */
export function totalLength(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, range) => sum + rangeLength(range), 0);
}

/** Sorts, drops the empty and joins what overlaps or touches: the canonical form that the other operations expect. */
export function normalizeRanges(ranges: readonly ByteRange[]): ByteRange[] {
  const sorted = ranges.filter((r) => r.end > r.start).sort((a, b) => a.start - b.start);
  const joined: ByteRange[] = [];
  for (const range of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && range.start <= last.end) {
      joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
    } else {
      joined.push(range);
    }
  }
  return joined;
}

/** Union of two sets of ranges, normalised. */
export function uniteRanges(a: readonly ByteRange[], b: readonly ByteRange[]): ByteRange[] {
  return normalizeRanges([...a, ...b]);
}

/** What both normalised sets cover. */
export function intersectRanges(a: readonly ByteRange[], b: readonly ByteRange[]): ByteRange[] {
  const common: ByteRange[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const left = a[i]!;
    const right = b[j]!;
    const start = Math.max(left.start, right.start);
    const end = Math.min(left.end, right.end);
    if (start < end) common.push({ start, end });
    if (left.end < right.end) i += 1;
    else j += 1;
  }
  return common;
}

/** What the first normalised set covers and the second does not. */
export function subtractRanges(from: readonly ByteRange[], what: readonly ByteRange[]): ByteRange[] {
  const left: ByteRange[] = [];
  let j = 0;
  for (const range of from) {
    let cursor = range.start;
    while (j < what.length && what[j]!.end <= cursor) j += 1;
    for (let k = j; k < what.length && what[k]!.start < range.end; k += 1) {
      if (what[k]!.start > cursor) left.push({ start: cursor, end: what[k]!.start });
      cursor = Math.max(cursor, what[k]!.end);
    }
    if (cursor < range.end) left.push({ start: cursor, end: range.end });
  }
  return left;
}

/** Grows each range outwards to multiples of a granularity, cut at `limit` bytes, and normalises. */
export function alignRanges(ranges: readonly ByteRange[], granularityBytes: number, limit: number): ByteRange[] {
  invariant(granularityBytes > 0, `granularity ${granularityBytes} is not positive`);
  return normalizeRanges(
    ranges.map((r) => ({
      start: Math.min(Math.floor(r.start / granularityBytes) * granularityBytes, limit),
      end: Math.min(Math.ceil(r.end / granularityBytes) * granularityBytes, limit),
    })),
  );
}

/** Cuts ranges into pieces of at most `maxBytes`, each piece starting where the one before it ended. */
export function* splitRanges(ranges: Iterable<ByteRange>, maxBytes: number): Generator<ByteRange> {
  invariant(maxBytes > 0, `piece size ${maxBytes} is not positive`);
  for (const range of ranges) {
    for (let start = range.start; start < range.end; start += maxBytes) {
      yield { start, end: Math.min(start + maxBytes, range.end) };
    }
  }
}
