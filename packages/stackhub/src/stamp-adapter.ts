import type { Inventory, PowerState, QuotaUsage, VmConfiguration, VmSize } from "@holdfast/domain";
import type { OperationOption } from "./arm/long-running.ts";
import type { BlobSnapshots } from "./blob/blob-snapshots.ts";
import type { ManagedDisk } from "./inventory/wire-compute.ts";
import type { Disks } from "./restore/disks.ts";
import type { Uploads } from "./restore/uploads.ts";
import type { Staging } from "./restore/staging.ts";
import type { Vms } from "./restore/vms.ts";
import type { ManagedSnapshots } from "./snapshots/managed-snapshots.ts";

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface StampFacts {
  readonly armEndpoint: string;
  readonly location: string;
  readonly subscriptionId: string;
  readonly identityProvider: "AD FS" | "Entra ID";
  readonly clockSkewMs: number;
  readonly storageSuffix: string;
  readonly apiVersions: Readonly<Record<string, readonly string[]>>;
}

type Remove = (resourceId: string, options?: OperationOption) => Promise<void>;

/** What this room offers of a stamp. The engine's port `Stamp` says what each method must keep, and has this shape. */
export interface StampAdapter {
  readonly name: string;
  describe(options?: CallOptions): Promise<StampFacts>;
  takeInventory(options?: CallOptions): Promise<Inventory>;
  readVm(vmId: string, options?: CallOptions): Promise<VmConfiguration>;
  listUsages(options?: CallOptions): Promise<readonly QuotaUsage[]>;
  listVmSizes(options?: CallOptions): Promise<readonly VmSize[]>;
  readonly createSnapshot: ManagedSnapshots["create"];
  readonly findSnapshot: ManagedSnapshots["find"];
  readonly deleteSnapshot: ManagedSnapshots["remove"];
  readonly listSnapshotsTagged: ManagedSnapshots["listTagged"];
  readonly openSnapshot: ManagedSnapshots["open"];
  readonly revokeAccess: ManagedSnapshots["revoke"];
  readonly createBlobSnapshot: BlobSnapshots["create"];
  readonly openBlobSnapshot: BlobSnapshots["open"];
  readonly deleteBlobSnapshot: BlobSnapshots["remove"];
  readonly ensureStaging: Staging["ensure"];
  readonly deleteStagingAccount: Remove;
  readonly createPageBlob: Staging["createPageBlob"];
  readonly deleteBlob: Staging["deleteBlob"];
  ensureResourceGroup(name: string, tags: Readonly<Record<string, string>>, options?: CallOptions): Promise<void>;
  deleteResourceGroup(
    groupId: string,
    tag: { readonly name: string; readonly value: string },
    options?: OperationOption,
  ): Promise<void>;
  exists(resourceId: string, options?: CallOptions): Promise<boolean>;
  readonly importDisk: Disks["importDisk"];
  readonly createEmptyDisk: Disks["createEmpty"];
  readonly createUploadDisk: Disks["createUpload"];
  readonly openUpload: Uploads["open"];
  findDisk(diskId: string, options?: CallOptions): Promise<ManagedDisk | null>;
  readonly deleteDisk: Remove;
  readonly createNic: Vms["createNic"];
  readonly deleteNic: Remove;
  readonly createVm: Vms["createVm"];
  readonly deleteVm: Remove;
  readonly startVm: Vms["start"];
  readonly deallocateVm: Vms["deallocate"];
  readPowerState(vmId: string, options?: CallOptions): Promise<PowerState>;
}
