import { alignRanges, normalizeRanges, splitRanges, totalLength, uniteRanges } from "@holdfast/kernel";
import type { ByteRange } from "@holdfast/kernel";
import type { DiskImage, RecoveryPoint } from "@holdfast/domain";
import type { CapturedDisk, CheckReport, DiskCapture, PointStore, StoredDisk } from "../ports/point-store.ts";
import type { CallOptions } from "../ports/stamp.ts";
import { PageImage } from "./page-image.ts";

const chunkBytes = 8192;
const largestReadBytes = 4 * 1024 ** 2;

/** Points in memory. Images are pages, kept by a made-up root id. */
export class FakePointStore implements PointStore {
  readonly id = "fake-repository";
  readonly #images = new Map<string, PageImage>();
  #points: RecoveryPoint[] = [];

  async captureDisk(capture: DiskCapture, options: CallOptions = {}): Promise<CapturedDisk> {
    options.signal?.throwIfAborted();
    const { source, base } = capture;
    const image = base?.rootId == null ? new PageImage(source.sizeBytes) : this.#image(base.rootId).copy();
    for (const range of capture.zeroRanges ?? []) {
      for (const piece of splitRanges([range], chunkBytes))
        image.write(piece.start, new Uint8Array(piece.end - piece.start));
    }
    const aligned = alignRanges(normalizeRanges(capture.ranges), chunkBytes, source.sizeBytes);
    const totalBytes = totalLength(aligned);
    let readBytes = 0;
    for (const piece of splitRanges(aligned, largestReadBytes)) {
      const data = await source.read(piece, options);
      image.write(piece.start, data);
      readBytes += data.length;
      capture.onProgress?.({ readBytes, totalBytes, storedBytes: readBytes });
    }
    const rootId = `image-${this.#images.size}`;
    this.#images.set(rootId, image);
    const made: DiskImage = { rootId, sizeBytes: source.sizeBytes, chunkSizeBytes: chunkBytes };
    return { image: made, readBytes, addedBytes: readBytes, storedBytes: readBytes };
  }

  async publishPoint(point: RecoveryPoint): Promise<void> {
    this.#points = [point, ...this.#points];
  }
  async listPoints(): Promise<readonly RecoveryPoint[]> {
    return this.#points;
  }
  async findPoint(pointId: string): Promise<RecoveryPoint | null> {
    return this.#points.find((point) => point.id === pointId) ?? null;
  }

  async openDisk(image: DiskImage): Promise<StoredDisk> {
    const pages = image.rootId === null ? new PageImage(image.sizeBytes) : this.#image(image.rootId);
    const allocated = (): ByteRange[] => alignRanges(uniteRanges(pages.allocated(), []), chunkBytes, image.sizeBytes);
    return {
      sizeBytes: image.sizeBytes,
      read: async (range) => pages.read(range),
      async *listAllocated() {
        yield* allocated();
      },
    };
  }

  async check(): Promise<CheckReport> {
    return { pointCount: this.#points.length, chunkCount: this.#images.size, readBytes: 0, findings: [] };
  }

  /** Forgets a point, as a prune would. */
  deletePoint(pointId: string): void {
    this.#points = this.#points.filter((point) => point.id !== pointId);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #image(rootId: string): PageImage {
    const image = this.#images.get(rootId);
    if (image === undefined) throw new Error(`no image ${rootId}`);
    return image;
  }
}
