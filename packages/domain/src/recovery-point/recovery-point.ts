import type { VmConfiguration } from "../inventory/vm.ts";

/** What a restored guest will find: as after a power cut, after a file system freeze, or after the application's own flush. */
export type Consistency = "crash" | "file-system" | "application";

/** Which of the ways to read a VM was used. */
export type CaptureMethod = "incremental-snapshot" | "full-snapshot" | "blob-snapshot" | "agent";

/** A disk image in a repository. Opaque outside `packages/repository`. */
export interface DiskImage {
  /** Reference of the root node; null for a disk that holds only zeros. */
  readonly rootId: string | null;
  readonly sizeBytes: number;
  readonly chunkSizeBytes: number;
}

/** How much of the disk was read, and why. A full read always has its reason. */
export type ReadScope =
  | { readonly kind: "incremental"; readonly basePointId: string }
  | { readonly kind: "full"; readonly reason: FullReadReason };

export type FullReadReason =
  | "first-capture"
  | "base-snapshot-missing"
  | "base-point-missing"
  | "disk-recreated"
  | "disk-resized"
  | "stamp-cannot-list-changes"
  | "repository-changed"
  | "asked-for";

/** Bytes of one disk's capture, so that anybody can see that cost followed the change. */
export interface CaptureBytes {
  /** Bytes that the stamp listed as allocated or changed. */
  readonly listed: number;
  /** Bytes fetched from the stamp. */
  readonly read: number;
  /** Bytes of chunks that the repository did not have yet, before compression. */
  readonly added: number;
  /** Bytes that this capture wrote to the repository. */
  readonly stored: number;
}

export interface PointDisk {
  readonly name: string;
  readonly role: "os" | "data";
  readonly lun: number | null;
  readonly image: DiskImage;
  readonly method: CaptureMethod;
  readonly readScope: ReadScope;
  /** The instant whose data this is, by the stamp's clock. */
  readonly dataAtMs: number;
  /** The disk's identity at capture: `uniqueId` of a managed disk, the address of an unmanaged one. */
  readonly sourceIdentity: string;
  /** The platform snapshot that was read; the next capture's base while it lives. */
  readonly snapshotRef: string;
  readonly bytes: CaptureBytes;
}

/** Whether data that spans disks may have been cut apart by snapshotting them one by one. */
export interface TornRisk {
  readonly isAtRisk: boolean;
  readonly reasons: readonly string[];
}

/** Seconds of one phase of a run, for reports and for MTTR. */
export interface PhaseTime {
  readonly phase: string;
  readonly durationMs: number;
}

/** Where a point was captured that was copied to another repository. */
export interface PointOrigin {
  readonly repositoryId: string;
  readonly copiedAtMs: number;
}

/** One consistent, restorable moment of a protected instance. Published whole and never changed. */
export interface RecoveryPoint {
  readonly id: string;
  readonly stampName: string;
  readonly instance: VmConfiguration;
  readonly startedAtMs: number;
  readonly publishedAtMs: number;
  readonly consistency: Consistency;
  readonly wasRunning: boolean;
  readonly disks: readonly PointDisk[];
  /** Milliseconds between the first and the last disk's instant. */
  readonly skewMs: number;
  readonly tornRisk: TornRisk;
  readonly phases: readonly PhaseTime[];
  /** Where a copy comes from; absent in the repository that captured it. */
  readonly origin?: PointOrigin;
}
