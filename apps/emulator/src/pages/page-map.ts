import type { ByteRange } from "@holdfast/kernel";

export const pageBytes = 512;
/** Pages of one region: 2 MiB of content, 1 KiB of marks. */
const regionPages = 4096;

/** What a layer says of a page: nothing, so ask the layer below; written here; or cleared here. */
export type PageState = "unset" | "written" | "cleared";

/** Marks of one region: a bit a page in each of two maps; never both. */
interface Marks {
  readonly written: Uint8Array;
  readonly cleared: Uint8Array;
}

/** A region that is of one state all over takes no maps. */
type Region = Marks | "written" | "cleared";

function newMarks(fill: "unset" | "written" | "cleared"): Marks {
  const marks = { written: new Uint8Array(regionPages / 8), cleared: new Uint8Array(regionPages / 8) };
  if (fill !== "unset") marks[fill].fill(0xff);
  return marks;
}

/** Sets or unsets the bits `[from, to)`. */
function setBits(map: Uint8Array, from: number, to: number, isSet: boolean): void {
  let bit = from;
  while (bit < to) {
    const byte = bit >> 3;
    if ((bit & 7) === 0 && to - bit >= 8) {
      const end = byte + ((to - bit) >> 3);
      map.fill(isSet ? 0xff : 0, byte, end);
      bit = end * 8;
      continue;
    }
    const mask = 1 << (bit & 7);
    map[byte] = isSet ? map[byte]! | mask : map[byte]! & ~mask;
    bit += 1;
  }
}

function stateAt(marks: Marks, page: number): PageState {
  const mask = 1 << (page & 7);
  if ((marks.written[page >> 3]! & mask) !== 0) return "written";
  return (marks.cleared[page >> 3]! & mask) === 0 ? "unset" : "cleared";
}

/** Where the run of one state that begins at `from` ends, at most `to`. Whole bytes are skipped at once. */
function runEnd(marks: Marks, from: number, to: number, state: PageState): number {
  let page = from + 1;
  while (page < to) {
    if ((page & 7) === 0 && to - page >= 8) {
      const written = marks.written[page >> 3]!;
      const cleared = marks.cleared[page >> 3]!;
      const isWhole =
        (state === "written" && written === 0xff) ||
        (state === "cleared" && cleared === 0xff) ||
        (state === "unset" && written === 0 && cleared === 0);
      if (isWhole) {
        page += 8;
        continue;
      }
    }
    if (stateAt(marks, page) !== state) return page;
    page += 1;
  }
  return to;
}

export interface PageRun {
  readonly range: ByteRange;
  readonly state: PageState;
}

/** What one layer says of its pages, exact to the page, compact where whole regions are alike. */
export class PageMap {
  readonly #regions = new Map<number, Region>();

  /** Marks a byte range, whose ends are on page borders. */
  mark(range: ByteRange, state: "written" | "cleared"): void {
    const endPage = range.end / pageBytes;
    for (let page = range.start / pageBytes; page < endPage;) {
      const index = Math.floor(page / regionPages);
      const base = index * regionPages;
      const from = page - base;
      const to = Math.min(endPage - base, regionPages);
      if (from === 0 && to === regionPages) this.#regions.set(index, state);
      else this.#markPart(index, from, to, state);
      page = base + to;
    }
  }

  #markPart(index: number, from: number, to: number, state: "written" | "cleared"): void {
    const region = this.#regions.get(index);
    if (region === state) return;
    const marks = typeof region === "object" ? region : newMarks(region ?? "unset");
    setBits(marks[state], from, to, true);
    setBits(marks[state === "written" ? "cleared" : "written"], from, to, false);
    const isWhole = marks[state].every((byte) => byte === 0xff);
    this.#regions.set(index, isWhole ? state : marks);
  }

  /** Runs of one state each that cover a byte range without gaps, in order; neighbours may be of the same state. */
  *runs(range: ByteRange): Generator<PageRun> {
    const endPage = range.end / pageBytes;
    for (let page = range.start / pageBytes; page < endPage;) {
      const index = Math.floor(page / regionPages);
      const base = index * regionPages;
      const to = Math.min(endPage - base, regionPages);
      const region = this.#regions.get(index);
      const from = page - base;
      const state = region === undefined ? "unset" : typeof region === "string" ? region : stateAt(region, from);
      const end = typeof region === "object" ? runEnd(region, from, to, state) : to;
      yield { range: { start: page * pageBytes, end: (base + end) * pageBytes }, state };
      page = base + end;
    }
  }

  /** Ranges of one state in a byte range, neighbours joined. Skips what the map holds nothing of. */
  list(range: ByteRange, state: "written" | "cleared"): ByteRange[] {
    const found: ByteRange[] = [];
    const regionBytes = regionPages * pageBytes;
    for (const index of [...this.#regions.keys()].sort((a, b) => a - b)) {
      const start = Math.max(range.start, index * regionBytes);
      const end = Math.min(range.end, (index + 1) * regionBytes);
      if (start >= end) continue;
      for (const run of this.runs({ start, end })) {
        if (run.state !== state) continue;
        const last = found.at(-1);
        if (last?.end === run.range.start) found[found.length - 1] = { start: last.start, end: run.range.end };
        else found.push(run.range);
      }
    }
    return found;
  }

  /** Lays a newer map over this one. */
  overlay(newer: PageMap, sizeBytes: number): void {
    const all = { start: 0, end: sizeBytes };
    for (const state of ["written", "cleared"] as const) {
      for (const range of newer.list(all, state)) this.mark(range, state);
    }
  }
}
