/**
 * How the compute provider and the blob plane meet: disks and managed snapshots are page volumes; a grant makes one
 * readable (or, for an upload, writable) at a SAS address under `md-….blob.<domain>` until it ends.
 */
export interface DiskGrant {
  /** `<account>/<container>/<blob>` of the address. */
  readonly path: string;
  readonly volumeId: string;
  /** Set for a snapshot; left out for the present content of a disk. */
  readonly snapshotId?: string;
  /** The family within which changes can be listed: incremental snapshots of one disk. Left out for full ones. */
  readonly family?: string;
  readonly access: "Read" | "Write";
  readonly expiresAtMs: number;
}

export interface DiskAccess {
  /** Opens access and answers the full SAS address. Survives a restart. */
  grant(resourceId: string, grant: Omit<DiskGrant, "path">): Promise<string>;
  revoke(resourceId: string): Promise<void>;
  find(resourceId: string): DiskGrant | undefined;
}

/** What compute needs of tenant storage: a page blob named by its address, for Import and for unmanaged disks. */
export interface PageBlobLookup {
  /** Undefined where there is no such page blob on this stamp. `snapshotId` is set where the address has `?snapshot=`. */
  find(
    uri: string,
  ): { readonly volumeId: string; readonly snapshotId?: string; readonly contentBytes: number } | undefined;
  /** Leases an unmanaged disk's blob for its VM, or lets it go: a leased blob cannot be deleted. */
  setVmLease(uri: string, isLeased: boolean): Promise<void>;
}
