import type { ByteRange } from "@holdfast/kernel";

/** The present content of a volume, or one of its frozen snapshots, opened for reading. */
export interface PageView {
  readonly sizeBytes: number;
  /** Zeros where nothing was written. Fills `target` whole. */
  read(offsetBytes: number, target: Uint8Array): Promise<void>;
  /** Ranges that were written and not cleared since, at 512-byte granularity, normalised, inside the window. */
  listWritten(window?: ByteRange): ByteRange[];
}

/**
 * A sparse volume of 512-byte pages under a page blob: what is written is remembered exactly, so that allocated and
 * changed ranges are right to the page.
 */
export interface PageVolume extends PageView {
  readonly id: string;
  /** Offset and length are multiples of 512. Written zeros count as written. */
  write(offsetBytes: number, data: Uint8Array): Promise<void>;
  clear(range: ByteRange): Promise<void>;
  /** Durable on return: content, ranges and snapshots survive a kill and a power cut. */
  flush(): Promise<void>;
  resize(sizeBytes: number): Promise<void>;
  /** Freezes the present content in constant time. Ids sort by age within a volume. */
  snapshot(): Promise<string>;
  openSnapshot(snapshotId: string): PageView | undefined;
  listSnapshots(): readonly string[];
  deleteSnapshot(snapshotId: string): Promise<void>;
  /**
   * What differs from an older snapshot to a newer one (or to the present): pages written since, and pages cleared
   * since. Exact for snapshots of this volume; undefined where either id is not of this volume.
   */
  listChanges(
    sinceSnapshotId: string,
    untilSnapshotId?: string,
    window?: ByteRange,
  ): { readonly written: ByteRange[]; readonly cleared: ByteRange[] } | undefined;
  /** Bytes of pages held by the present content alone, and by all snapshots together: for quotas. */
  usage(): { readonly presentBytes: number; readonly snapshotBytes: number };
}

/** All volumes of the emulator, in one folder. One process at a time. */
export interface PageStore extends AsyncDisposable {
  create(id: string, sizeBytes: number): Promise<PageVolume>;
  open(id: string): PageVolume | undefined;
  /** Makes a volume whose content is a snapshot's, in constant time, sharing what is not written again. */
  clone(id: string, from: { readonly volumeId: string; readonly snapshotId: string }): Promise<PageVolume>;
  delete(id: string): Promise<void>;
}
