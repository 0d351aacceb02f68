import { hasErrorCode } from "@holdfast/kernel";
import type { BlobOptions, BlobStore } from "./blob-store/blob-store.ts";
import { damaged } from "./failure.ts";

/** The largest that an object of a kind may be, and the code of one that is damaged. */
export interface ObjectLimit {
  readonly maxBytes: number;
  readonly code: string;
}

/** Reads an object whole, by one request. Raises what is too large as damage; whatever else the store raises is passed on. */
export async function readObject(
  store: BlobStore,
  name: string,
  { maxBytes, code }: ObjectLimit,
  options?: BlobOptions,
): Promise<Uint8Array> {
  try {
    return await store.get(name, undefined, { ...options, maxBytes });
  } catch (error) {
    if (!hasErrorCode(error, "repository.store.too-large")) throw error;
    throw damaged(code, name, "the object is too large", error);
  }
}
