import type { ByteRange } from "@holdfast/kernel";
import type { DiskImage, RecoveryPoint } from "@holdfast/domain";
import type { CallOptions, ReadOptions } from "./stamp.ts";

/** Bytes of a disk by range. `read` answers exactly the length asked; at most 4 MiB a call. The answer is the reader's. */
export interface DiskSource {
  readonly sizeBytes: number;
  read(range: ByteRange, options?: ReadOptions): Promise<Uint8Array>;
}

export interface DiskCapture {
  readonly source: DiskSource;
  /**
   * What to read, normalised. On top of a base: what may differ from it. Without a base: what may be other than zero.
   * The store reads these ranges rounded outwards to its chunks and nothing else.
   */
  readonly ranges: readonly ByteRange[];
  /** Ranges known to be zero now: recorded without reading, except for chunks that they cover in part. */
  readonly zeroRanges?: readonly ByteRange[];
  readonly base?: DiskImage;
  /** Called as work goes on; `totalBytes` is what will be read in all. */
  readonly onProgress?: (progress: {
    readonly readBytes: number;
    readonly totalBytes: number;
    readonly storedBytes: number;
  }) => void;
}

export interface CapturedDisk {
  readonly image: DiskImage;
  readonly readBytes: number;
  readonly addedBytes: number;
  readonly storedBytes: number;
}

/** One finding of a check: what is wrong, on which object, and which points it touches. */
export interface CheckFinding {
  readonly code: string;
  readonly object: string;
  readonly message: string;
  readonly pointIds: readonly string[];
}

export interface CheckReport {
  readonly pointCount: number;
  readonly chunkCount: number;
  readonly readBytes: number;
  readonly findings: readonly CheckFinding[];
}

/** A disk of a point, opened for reading. */
export interface StoredDisk extends DiskSource {
  /** Ranges that hold anything but zeros, in order, normalised, on chunk borders (cut at the disk's end). */
  listAllocated(options?: CallOptions): AsyncIterable<ByteRange>;
}

/**
 * The encrypted, deduplicated store of recovery points.
 *
 * Obligations: a point is visible only when all that it needs is durable, and then for good; captures from several
 * processes may run at once; a disk that cannot be read back raises `repository.chunk.damaged` or
 * `repository.chunk.missing` with the object's name, and never yields other bytes.
 */
export interface PointStore extends AsyncDisposable {
  /** Identity of the repository, kept with bases so that a base of another repository is not trusted. */
  readonly id: string;
  captureDisk(capture: DiskCapture, options?: CallOptions): Promise<CapturedDisk>;
  publishPoint(point: RecoveryPoint, options?: CallOptions): Promise<void>;
  /** Newest first. Raises where the list could not be read whole. */
  listPoints(options?: CallOptions): Promise<readonly RecoveryPoint[]>;
  /** Null when there is none with this id. */
  findPoint(pointId: string, options?: CallOptions): Promise<RecoveryPoint | null>;
  openDisk(image: DiskImage, options?: CallOptions): Promise<StoredDisk>;
  /** Reads, opens and re-hashes every byte of every point; reports damage instead of raising it. */
  check(
    options?: CallOptions & {
      readonly onProgress?: (progress: { readonly readBytes: number; readonly totalBytes: number }) => void;
    },
  ): Promise<CheckReport>;
}
