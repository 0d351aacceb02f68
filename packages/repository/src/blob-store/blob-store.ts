import { HoldfastError } from "@holdfast/kernel";
import type { ByteRange } from "@holdfast/kernel";
import type { StoreMedium } from "./file-medium.ts";

export interface BlobOptions {
  readonly signal?: AbortSignal;
}

export interface GetOptions extends BlobOptions {
  /** Memory of at least the range's length that the store may fill and answer a view of, to save an allocation. */
  readonly into?: Uint8Array;
  /** Without a range: a larger object raises `repository.store.too-large`, and is not read. */
  readonly maxBytes?: number;
}

/**
 * Named immutable objects. Names are of `[A-Za-z0-9/_-]`, without empty parts, of at most 400 letters and 200 a part.
 * `store-obligations.ts` has what follows as a list that a store is judged by.
 *
 * Obligations: `put` is atomic and durable when it returns, raises `repository.store.exists` rather than replace, and
 * takes bytes that threads share;
 * `get` answers exactly the range, or raises `repository.store.missing` or `repository.store.short`; `list` yields every
 * name under a prefix or raises; `delete` of what is not there succeeds. A full store raises `repository.store.full`.
 */
export interface BlobStore {
  put(name: string, bytes: Uint8Array, options?: BlobOptions): Promise<void>;
  get(name: string, range?: ByteRange, options?: GetOptions): Promise<Uint8Array>;
  /** Bytes of an object; null where there is none. */
  size(name: string, options?: BlobOptions): Promise<number | null>;
  list(prefix: string, options?: BlobOptions): AsyncIterable<string>;
  delete(name: string, options?: BlobOptions): Promise<void>;
  /** Asks the store what it can do; absent where it is known without asking. */
  readTraits?(options?: BlobOptions): Promise<StoreTraits>;
  /** Removes what the store keeps beside its objects, where all objects are deleted: of a place that was only tried. */
  removeTraces?(): Promise<void>;
}

export interface StoreTraits {
  /** False where two writers of one name at the same time may both succeed. */
  readonly hasExclusiveCreate: boolean;
  /** Null where the kind of store has no locks. */
  readonly objectLock: ObjectLock | null;
  /** What the store lies on; null where it does not say. */
  readonly medium: StoreMedium | null;
}

export interface LockRule {
  readonly mode: "compliance" | "governance";
  readonly days: number;
}

/** Read back from the store, but for `wanted`. */
export interface ObjectLock {
  /** The place can lock objects. */
  readonly isEnabled: boolean;
  /** Put on packs, index objects and points, as the location asks. */
  readonly wanted: LockRule | null;
  /** Put on every object by the place itself. */
  readonly byBucket: LockRule | null;
  /** The lock of one point, the first by name; null where there is no point or it has no lock. */
  readonly example: { readonly object: string; readonly mode: LockRule["mode"]; readonly untilMs: number } | null;
}

export function objectExists(name: string, cause?: unknown): HoldfastError {
  return new HoldfastError({
    code: "repository.store.exists",
    message: `${name}: the object exists already`,
    advice: "Choose an empty place for a new repository.",
    details: { object: name },
    cause,
  });
}

export function objectMissing(name: string, cause?: unknown): HoldfastError {
  return new HoldfastError({
    code: "repository.store.missing",
    message: `${name}: there is no such object`,
    advice: "Run a check of the repository.",
    details: { object: name },
    cause,
  });
}

export function objectShort(name: string): HoldfastError {
  return new HoldfastError({
    code: "repository.store.short",
    message: `${name}: the object ends before the range asked for`,
    advice: "Run a check of the repository.",
    details: { object: name },
  });
}

/** Raises `repository.store.too-large` where an object has more bytes than its reader allows. */
export function refuseTooLarge(name: string, sizeBytes: number, { maxBytes }: GetOptions): void {
  if (maxBytes === undefined || sizeBytes <= maxBytes) return;
  throw new HoldfastError({
    code: "repository.store.too-large",
    message: `${name}: the object has ${sizeBytes} bytes, and ${maxBytes} at most are allowed`,
    advice: "Run a check of the repository: no Holdfast writes an object of this kind so large.",
    details: { object: name, sizeBytes, maxBytes },
  });
}

/** Made where a disk or a quota is full. Points published before are not touched by it. */
export function storeFull(name: string, cause: unknown): HoldfastError {
  return new HoldfastError({
    code: "repository.store.full",
    message: `${name}: the store has no room left`,
    advice: "Free room in the store, then run the backup again; points published before are not touched.",
    details: { object: name },
    isRetryable: true,
    cause,
  });
}

/** Made where the place of the store vanished or another came in its stead: what it lists would not be the repository. */
export function storeGone(location: string, cause?: unknown): HoldfastError {
  return new HoldfastError({
    code: "repository.store.gone",
    message: `${location} is not the folder that it was when the repository was opened`,
    advice: "Mount the share or the disk again, then run the command again.",
    details: { location },
    cause,
  });
}
