/** What every store of objects has to do, and the store in memory that tests use. */
export { describeBlobStore } from "./describe-blob-store.ts";
export type { BlobStoreBench, SkippedObligation } from "./describe-blob-store.ts";
export { InMemoryBlobStore } from "../blob-store/in-memory-blob-store.ts";
