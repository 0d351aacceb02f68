/** The lease on a blob or container: absent means available. */
export interface LeaseRecord {
  readonly id: string;
  readonly state: "leased" | "breaking" | "broken";
  /** -1 for a lease without end. */
  readonly durationSeconds: number;
  readonly endsAtMs: number | null;
}

export interface CopyRecord {
  readonly id: string;
  readonly source: string;
  readonly status: "success" | "pending" | "failed";
  readonly totalBytes: number;
  readonly completedAtMs: number;
}

interface CommonRecord {
  readonly account: string;
  readonly container: string;
  readonly name: string;
  /** The service's instant with 7 digits for a snapshot; absent for the blob itself. */
  readonly snapshot?: string;
  readonly contentLength: number;
  readonly etag: string;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** `content-type`, `cache-control` and their like, as given at creation. */
  readonly contentHeaders: Readonly<Record<string, string>>;
  readonly lease?: LeaseRecord;
  readonly copy?: CopyRecord;
}

export interface PageBlobRecord extends CommonRecord {
  readonly kind: "PageBlob";
  readonly volumeId: string;
  /** The frozen content of a snapshot. */
  readonly pageSnapshotId?: string;
  readonly sequenceNumber: number;
  /** A VM runs on this blob. */
  readonly isVmDisk?: boolean;
}

export interface BlockRecord {
  readonly id: string;
  readonly file: string;
  readonly sizeBytes: number;
}

export interface BlockBlobRecord extends CommonRecord {
  readonly kind: "BlockBlob";
  readonly blocks: readonly BlockRecord[];
}

export type BlobRecord = PageBlobRecord | BlockBlobRecord;

export interface ContainerRecord {
  readonly account: string;
  readonly name: string;
  readonly etag: string;
  readonly modifiedAtMs: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly lease?: LeaseRecord;
  readonly policies: readonly StoredPolicy[];
}

/** A stored access policy that a SAS may name by `si`. */
export interface StoredPolicy {
  readonly id: string;
  readonly startsAtMs: number | null;
  readonly endsAtMs: number | null;
  readonly permissions: string | null;
}
