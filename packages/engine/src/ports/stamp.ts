import type { ByteRange } from "@holdfast/kernel";
import type {
  DiskCaching,
  DiskSku,
  Inventory,
  PowerState,
  QuotaUsage,
  VmConfiguration,
  VmSize,
} from "@holdfast/domain";

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface ReadOptions extends CallOptions {
  /** Memory of exactly the range's length, which the source may fill and answer, to save an allocation. */
  readonly into?: Uint8Array;
}

/** Progress of a long platform operation: called between polls, so that a user is never left alone. */
export interface OperationOptions extends CallOptions {
  readonly onPoll?: (elapsedMs: number) => void;
}

export interface StampFacts {
  readonly armEndpoint: string;
  readonly location: string;
  readonly subscriptionId: string;
  readonly identityProvider: "AD FS" | "Entra ID";
  /** Stamp's clock minus ours in milliseconds, from the Date header. */
  readonly clockSkewMs: number;
  /** Host suffix of blob addresses: accounts live at `https://<account>.blob.<storageSuffix>`. */
  readonly storageSuffix: string;
  /** Resource types that the stamp offers, `Microsoft.Compute/disks`, each with its versions. */
  readonly apiVersions: Readonly<Record<string, readonly string[]>>;
}

/** A platform snapshot of a managed disk. */
export interface ManagedSnapshot {
  readonly id: string;
  readonly name: string;
  readonly timeCreatedMs: number;
  /** Read back from the stamp, never assumed from what was asked. */
  readonly isIncremental: boolean;
  readonly sourceDiskId: string;
  /** The disk's uniqueId at the snapshot; null where the stamp does not say. */
  readonly sourceUniqueId: string | null;
  readonly sizeBytes: number;
  readonly tags: Readonly<Record<string, string>>;
}

export interface ManagedDisk {
  readonly id: string;
  readonly name: string;
  readonly uniqueId: string;
  readonly sku: DiskSku;
  readonly sizeBytes: number;
  readonly state: string;
  readonly managedBy: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * A page blob opened for reading: an exported managed snapshot, or a blob snapshot of an unmanaged disk.
 *
 * Obligations: ranges come in order, half-open, inside `[0, contentBytes)`, split by window inside so that a fragmented
 * disk does not make one huge answer; an expired SAS is renewed inside where the owner can, and otherwise raises
 * `stackhub.blob.sas-refused`; a cut or short answer is retried, never handed out as data.
 */
export interface PageSource {
  /** Length of the blob, the 512-byte VHD footer included. */
  readonly contentBytes: number;
  listAllocated(options?: CallOptions): AsyncIterable<ByteRange>;
  /**
   * What changed since an older source of the same family: written ranges and cleared ones. Raises
   * `stackhub.blob.changes-refused` where the stamp cannot tell; never answers with a wrong list.
   */
  listChanged(
    since: PageSource,
    options?: CallOptions,
  ): AsyncIterable<{ readonly range: ByteRange; readonly kind: "written" | "cleared" }>;
  /** At most 4 MiB a call; the answer has exactly the length of the range. */
  read(range: ByteRange, options?: ReadOptions): Promise<Uint8Array>;
}

/** A page blob opened for writing in a staging account. */
export interface PageSink {
  readonly uri: string;
  /** At most 4 MiB, both ends on a multiple of 512. Safe to repeat. */
  write(offsetBytes: number, data: Uint8Array, options?: CallOptions): Promise<void>;
}

export interface NewVm {
  readonly name: string;
  readonly resourceGroup: string;
  readonly sizeName: string;
  readonly osType: "Linux" | "Windows";
  readonly osDisk: { readonly diskId: string; readonly caching: DiskCaching };
  readonly dataDisks: readonly { readonly diskId: string; readonly lun: number; readonly caching: DiskCaching }[];
  readonly nicIds: readonly string[];
  readonly availabilitySetId: string | null;
  readonly licenseType: string | null;
  readonly plan: { readonly name: string; readonly publisher: string; readonly product: string } | null;
  readonly bootDiagnosticsUri: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

export interface NewNic {
  readonly name: string;
  readonly resourceGroup: string;
  readonly subnetId: string;
  /** A static address, or null for one that the platform gives. */
  readonly privateAddress: string | null;
  /** IP configurations beside the primary one. */
  readonly secondaryIps: readonly {
    readonly name: string;
    readonly subnetId: string;
    readonly privateAddress: string | null;
  }[];
  readonly nsgId: string | null;
  readonly loadBalancerPoolIds: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface NewSnapshot {
  readonly diskId: string;
  readonly name: string;
  readonly resourceGroup: string;
  readonly isIncremental: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * One stamp as one identity sees one subscription of it.
 *
 * Obligations of every adapter and fake:
 * - an aborted signal before a call means no effect; throttling (429, 503) is waited for inside, with Retry-After;
 * - create calls are idempotent by name: making what is there with the same content succeeds, with other content raises
 *   `stackhub.arm.conflict`; delete calls succeed when the object is already gone;
 * - a refused call raises `stackhub.arm.forbidden`, a missing object `stackhub.arm.not-found`, a quota
 *   `stackhub.arm.quota`, with ids in details and never a SAS or a token;
 * - lists are complete or raise: half a list never comes out of a failed page.
 */
export interface Stamp {
  readonly name: string;
  describe(options?: CallOptions): Promise<StampFacts>;
  takeInventory(options?: CallOptions): Promise<Inventory>;
  readVm(vmId: string, options?: CallOptions): Promise<VmConfiguration>;
  listUsages(options?: CallOptions): Promise<readonly QuotaUsage[]>;
  listVmSizes(options?: CallOptions): Promise<readonly VmSize[]>;

  createSnapshot(wanted: NewSnapshot, options?: OperationOptions): Promise<ManagedSnapshot>;
  /** Null when there is none. */
  findSnapshot(snapshotId: string, options?: CallOptions): Promise<ManagedSnapshot | null>;
  /** Ends access first where a SAS is still out. */
  deleteSnapshot(snapshotId: string, options?: OperationOptions): Promise<void>;
  /** Snapshots of the subscription that carry a tag, whatever its value. */
  listSnapshotsTagged(tag: string, options?: CallOptions): Promise<readonly ManagedSnapshot[]>;
  /** Grants read access for a while and opens the snapshot; disposing ends the access. */
  openSnapshot(snapshotId: string, options?: OperationOptions): Promise<PageSource & AsyncDisposable>;
  /** Ends all access to a disk or snapshot; does nothing where none is granted. */
  revokeAccess(resourceId: string, options?: OperationOptions): Promise<void>;

  /** Snapshots the page blob of an unmanaged disk; answers the snapshot's address (`?snapshot=`), without secrets. */
  createBlobSnapshot(
    vhdUri: string,
    options?: CallOptions,
  ): Promise<{ readonly uri: string; readonly timeCreatedMs: number }>;
  openBlobSnapshot(snapshotUri: string, options?: CallOptions): Promise<(PageSource & AsyncDisposable) | null>;
  deleteBlobSnapshot(snapshotUri: string, options?: CallOptions): Promise<void>;

  /** Makes or finds a storage account for restores, and a container in it. */
  ensureStaging(
    wanted: {
      readonly resourceGroup: string;
      readonly accountName: string;
      readonly container: string;
      readonly tags: Readonly<Record<string, string>>;
    },
    options?: OperationOptions,
  ): Promise<{ readonly accountId: string; readonly containerUri: string }>;
  /** Deletes a storage account with all in it; does nothing where there is none. */
  deleteStagingAccount(accountId: string, options?: OperationOptions): Promise<void>;
  createPageBlob(
    containerUri: string,
    blobName: string,
    contentBytes: number,
    options?: CallOptions,
  ): Promise<PageSink>;
  /** Deletes a staging blob and its snapshots. */
  deleteBlob(blobUri: string, options?: CallOptions): Promise<void>;

  ensureResourceGroup(name: string, tags: Readonly<Record<string, string>>, options?: CallOptions): Promise<void>;
  /** Deletes a group that carries this tag and holds nothing; leaves any other as it is. */
  deleteResourceGroup(
    groupId: string,
    tag: { readonly name: string; readonly value: string },
    options?: OperationOptions,
  ): Promise<void>;
  /** True where a resource with this ARM id exists. */
  exists(resourceId: string, options?: CallOptions): Promise<boolean>;
  importDisk(
    wanted: {
      readonly name: string;
      readonly resourceGroup: string;
      readonly sku: DiskSku;
      readonly osType: "Linux" | "Windows" | null;
      readonly sourceUri: string;
      readonly storageAccountId: string;
      readonly tags: Readonly<Record<string, string>>;
    },
    options?: OperationOptions,
  ): Promise<ManagedDisk>;
  createEmptyDisk(
    wanted: {
      readonly name: string;
      readonly resourceGroup: string;
      readonly sku: DiskSku;
      readonly sizeGiB: number;
      readonly tags: Readonly<Record<string, string>>;
    },
    options?: OperationOptions,
  ): Promise<ManagedDisk>;
  /** Makes a disk that awaits an upload of so many bytes, the footer included. Raises where the stamp has no uploads. */
  createUploadDisk(
    wanted: {
      readonly name: string;
      readonly resourceGroup: string;
      readonly sku: DiskSku;
      readonly contentBytes: number;
      readonly tags: Readonly<Record<string, string>>;
    },
    options?: OperationOptions,
  ): Promise<ManagedDisk>;
  /** Grants write access to a disk that awaits an upload; disposing ends it, and the disk is then what was written. */
  openUpload(diskId: string, contentBytes: number, options?: OperationOptions): Promise<PageSink & AsyncDisposable>;
  findDisk(diskId: string, options?: CallOptions): Promise<ManagedDisk | null>;
  deleteDisk(diskId: string, options?: OperationOptions): Promise<void>;
  createNic(wanted: NewNic, options?: OperationOptions): Promise<{ readonly id: string }>;
  deleteNic(nicId: string, options?: OperationOptions): Promise<void>;
  createVm(wanted: NewVm, options?: OperationOptions): Promise<VmConfiguration>;
  deleteVm(vmId: string, options?: OperationOptions): Promise<void>;
  startVm(vmId: string, options?: OperationOptions): Promise<void>;
  deallocateVm(vmId: string, options?: OperationOptions): Promise<void>;
  readPowerState(vmId: string, options?: CallOptions): Promise<PowerState>;
}
