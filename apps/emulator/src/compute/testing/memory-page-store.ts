import { type ByteRange, intersectRanges, normalizeRanges, subtractRanges } from "@holdfast/kernel";
import type { PageStore, PageView, PageVolume } from "../../pages/page-store.ts";

const page = 512;

/** Pages by index; absent ones read as zeros. */
type Pages = ReadonlyMap<number, Buffer>;

function written(pages: Pages): ByteRange[] {
  return normalizeRanges([...pages.keys()].map((index) => ({ start: index * page, end: (index + 1) * page })));
}

function viewOf(sizeBytes: number, pages: Pages): PageView {
  return {
    sizeBytes,
    read: async (offset, target) => {
      target.fill(0);
      for (let at = 0; at < target.length; at += page) {
        const found = pages.get((offset + at) / page);
        if (found !== undefined) target.set(found.subarray(0, Math.min(page, target.length - at)), at);
      }
    },
    listWritten: (window) => (window === undefined ? written(pages) : intersectRanges(written(pages), [window])),
  };
}

function changedPages(older: Pages, newer: Pages): ByteRange[] {
  const changed = [...newer].filter(([index, bytes]) => older.get(index) !== bytes);
  return normalizeRanges(changed.map(([index]) => ({ start: index * page, end: (index + 1) * page })));
}

class MemoryPageVolume implements PageVolume {
  readonly id: string;
  sizeBytes: number;
  pages: Map<number, Buffer>;
  readonly frozen = new Map<string, { readonly sizeBytes: number; readonly pages: Pages }>();
  #snapshots = 0;

  constructor(id: string, sizeBytes: number, pages: Pages = new Map()) {
    this.id = id;
    this.sizeBytes = sizeBytes;
    this.pages = new Map(pages);
  }

  read(offset: number, target: Uint8Array): Promise<void> {
    return viewOf(this.sizeBytes, this.pages).read(offset, target);
  }
  listWritten(window?: ByteRange): ByteRange[] {
    return viewOf(this.sizeBytes, this.pages).listWritten(window);
  }
  async write(offset: number, data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length; at += page) {
      this.pages.set((offset + at) / page, Buffer.from(data.subarray(at, at + page)));
    }
  }
  async clear(range: ByteRange): Promise<void> {
    for (let at = range.start; at < range.end; at += page) this.pages.delete(at / page);
  }
  async flush(): Promise<void> {}
  async resize(sizeBytes: number): Promise<void> {
    this.sizeBytes = sizeBytes;
  }
  async snapshot(): Promise<string> {
    this.#snapshots += 1;
    const id = String(this.#snapshots).padStart(8, "0");
    this.frozen.set(id, { sizeBytes: this.sizeBytes, pages: new Map(this.pages) });
    return id;
  }
  openSnapshot(id: string): PageView | undefined {
    const found = this.frozen.get(id);
    return found === undefined ? undefined : viewOf(found.sizeBytes, found.pages);
  }
  listSnapshots(): readonly string[] {
    return [...this.frozen.keys()];
  }
  async deleteSnapshot(id: string): Promise<void> {
    this.frozen.delete(id);
  }
  listChanges(
    since: string,
    until?: string,
  ): { readonly written: ByteRange[]; readonly cleared: ByteRange[] } | undefined {
    const older = this.frozen.get(since)?.pages;
    const newer = until === undefined ? this.pages : this.frozen.get(until)?.pages;
    if (older === undefined || newer === undefined) return undefined;
    return { written: changedPages(older, newer), cleared: subtractRanges(written(older), written(newer)) };
  }
  usage(): { readonly presentBytes: number; readonly snapshotBytes: number } {
    return { presentBytes: this.pages.size * page, snapshotBytes: 0 };
  }
}

/** Volumes in memory, as simple as they can be. `ids` tells what is left behind. */
export class MemoryPageStore implements PageStore {
  readonly #volumes = new Map<string, MemoryPageVolume>();

  get ids(): string[] {
    return [...this.#volumes.keys()];
  }
  async create(id: string, sizeBytes: number): Promise<PageVolume> {
    const volume = new MemoryPageVolume(id, sizeBytes);
    this.#volumes.set(id, volume);
    return volume;
  }
  open(id: string): PageVolume | undefined {
    return this.#volumes.get(id);
  }
  async clone(id: string, from: { readonly volumeId: string; readonly snapshotId: string }): Promise<PageVolume> {
    const frozen = this.#volumes.get(from.volumeId)?.frozen.get(from.snapshotId);
    if (frozen === undefined) throw new Error(`no snapshot ${from.snapshotId} of volume ${from.volumeId}`);
    const volume = new MemoryPageVolume(id, frozen.sizeBytes, frozen.pages);
    this.#volumes.set(id, volume);
    return volume;
  }
  async delete(id: string): Promise<void> {
    this.#volumes.delete(id);
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.#volumes.clear();
  }
}
