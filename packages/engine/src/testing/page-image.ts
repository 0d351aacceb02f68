import { normalizeRanges } from "@holdfast/kernel";
import type { ByteRange } from "@holdfast/kernel";

/** Pages of the fake: small, so that a test disk has many. */
export const fakePageBytes = 4096;

/** A sparse image that is copied in time of its written pages; a page that was cleared is absent. */
export class PageImage {
  readonly contentBytes: number;
  #pages: Map<number, Uint8Array>;

  constructor(contentBytes: number, pages = new Map<number, Uint8Array>()) {
    this.contentBytes = contentBytes;
    this.#pages = pages;
  }

  /** An image of its own with the same bytes. Pages are never changed in place, so they are shared. */
  copy(): PageImage {
    return new PageImage(this.contentBytes, new Map(this.#pages));
  }

  read(range: ByteRange): Uint8Array {
    const bytes = new Uint8Array(range.end - range.start);
    for (let page = Math.floor(range.start / fakePageBytes); page * fakePageBytes < range.end; page += 1) {
      const data = this.#pages.get(page);
      if (data === undefined) continue;
      const pageStart = page * fakePageBytes;
      const from = Math.max(range.start, pageStart);
      const to = Math.min(range.end, pageStart + fakePageBytes);
      bytes.set(data.subarray(from - pageStart, to - pageStart), from - range.start);
    }
    return bytes;
  }

  write(offset: number, data: Uint8Array): void {
    const end = offset + data.length;
    for (let page = Math.floor(offset / fakePageBytes); page * fakePageBytes < end; page += 1) {
      const pageStart = page * fakePageBytes;
      const next = new Uint8Array(this.#pages.get(page) ?? new Uint8Array(fakePageBytes));
      const from = Math.max(offset, pageStart);
      const to = Math.min(end, pageStart + fakePageBytes);
      next.set(data.subarray(from - offset, to - offset), from - pageStart);
      this.#pages.set(page, next);
    }
  }

  /** Whole pages only. */
  clear(range: ByteRange): void {
    for (let at = range.start; at + fakePageBytes <= range.end; at += fakePageBytes) {
      this.#pages.delete(at / fakePageBytes);
    }
  }

  allocated(): ByteRange[] {
    return normalizeRanges([...this.#pages.keys()].map((page) => this.#rangeOf(page)));
  }

  changedSince(older: PageImage): { readonly range: ByteRange; readonly kind: "written" | "cleared" }[] {
    const pages = [...new Set([...this.#pages.keys(), ...older.#pages.keys()])].toSorted((a, b) => a - b);
    return pages
      .filter((page) => this.#pages.get(page) !== older.#pages.get(page))
      .map((page) => ({ range: this.#rangeOf(page), kind: this.#pages.has(page) ? "written" : "cleared" }));
  }

  #rangeOf(page: number): ByteRange {
    return { start: page * fakePageBytes, end: Math.min(this.contentBytes, (page + 1) * fakePageBytes) };
  }
}
