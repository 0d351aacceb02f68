/** The deduplicated, encrypted store of disk data: its format, its keys and its blob stores. */
export { createRepository, openRepository } from "./repository.ts";
export type { MadeRepository, RepositoryServices } from "./repository.ts";
export { createAzureBlobStore } from "./blob-store/azure-blob-store.ts";
export type { AzureCredential, AzureStoreOptions } from "./blob-store/azure-blob-store.ts";
export { createFileBlobStore } from "./blob-store/file-blob-store.ts";
export { createS3BlobStore } from "./blob-store/s3-blob-store.ts";
export type { S3StoreOptions } from "./blob-store/s3-blob-store.ts";
export type { S3Credential } from "./blob-store/s3-client.ts";
export { validateStore } from "./blob-store/validate-store.ts";
export type { ObligationVerdict, StoreRates, StoreVerdict } from "./blob-store/validate-store.ts";
export { InMemoryBlobStore } from "./blob-store/in-memory-blob-store.ts";
export type { BlobOptions, BlobStore, LockRule, ObjectLock, StoreTraits } from "./blob-store/blob-store.ts";
export { openKeyring } from "./keys/keyring.ts";
export type { Keyring, KeySlotInfo, NewKeySlot } from "./keys/keyring.ts";
export type { KdfName } from "./keys/key-kdf.ts";
export type { Key } from "./keys/unlock.ts";
export { copyPoints } from "./copy/copy-points.ts";
export type { CopiedPoint, CopyOptions, CopyProgress, OpenPoints } from "./copy/copy-points.ts";
