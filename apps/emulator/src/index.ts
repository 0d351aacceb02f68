/**
 * An Azure Stack Hub on loopback, useful on its own. Imports nothing of the product but the kernel's byte ranges, so
 * that a mistake is not shared by both sides.
 */
export { ArmError, presentResource } from "./arm/provider.ts";
export type { ArmCall, ArmReply, Provider, ResourceType, StampServices } from "./arm/provider.ts";
export { startEmulator } from "./core/start-emulator.ts";
export type { Emulator, EmulatorOptions, StampContext, StampParts, StampPlane } from "./core/start-emulator.ts";
export type { RunningStamp } from "./core/running-stamp.ts";
export type { StampOptions } from "./core/stamp-config.ts";
export type { FaultBoard } from "./faults/fault-board.ts";
export type { BlobPlane } from "./server/blob-plane.ts";
export { createStorageAccounts } from "./providers/storage/storage-accounts.ts";
export type { StorageAccount, StorageAccounts } from "./providers/storage/storage-accounts.ts";
export { createComputeProvider } from "./compute/compute-provider.ts";
export type { ComputeRooms, ComputeSettings } from "./compute/compute-deps.ts";
export { createVmBodies } from "./bodies/create-vm-bodies.ts";
export type { VmBodiesOptions } from "./bodies/create-vm-bodies.ts";
export { QemuBodies } from "./bodies/qemu-bodies.ts";
export type { VmBodies } from "./bodies/vm-body.ts";
export { openFilePageStore } from "./pages/file-page-store.ts";
export type { PageStore, PageView, PageVolume } from "./pages/page-store.ts";
export { standardPlanes } from "./core/standard-planes.ts";
export type { StandardPlaneOptions, VmKind } from "./core/standard-planes.ts";
