import type { RecoveryPoint } from "@holdfast/domain";
import { invariant } from "@holdfast/kernel";
import type { BlobOptions, BlobStore } from "./blob-store/blob-store.ts";
import type { RepositoryKeys } from "./chunk-store.ts";
import { openObject } from "./crypto/sealed-object.ts";
import { damaged } from "./failure.ts";
import { maxManifestBytes } from "./format/limits.ts";
import { readObject } from "./read-object.ts";

/** The object of a point. An id has letters, digits, `_` and `-` only. */
export function manifestName(pointId: string): string {
  invariant(/^[A-Za-z0-9_-]{1,128}$/.test(pointId), `point id ${JSON.stringify(pointId)} is not allowed`);
  return `points/${pointId}`;
}

/** A point as it is stored. */
export interface StoredPoint {
  readonly point: RecoveryPoint;
  /** The writer that published it; null in repositories that older programs wrote. */
  readonly writerId: string | null;
}

export function encodeManifest({ point, writerId }: StoredPoint): Buffer {
  return Buffer.from(JSON.stringify(writerId === null ? point : { ...point, writerId }));
}

/** Reads a point; raises `repository.manifest.damaged`. */
export async function readStoredPoint(
  { store, keys }: { readonly store: BlobStore; readonly keys: RepositoryKeys },
  name: string,
  options?: BlobOptions,
): Promise<StoredPoint> {
  const code = "repository.manifest.damaged";
  const sealed = await readObject(store, name, { maxBytes: maxManifestBytes, code }, options);
  const plain = openObject(keys.master, name, sealed, code);
  try {
    // The seal says that this program wrote it: its shape needs no second check.
    const { writerId = null, ...point } = JSON.parse(plain.toString("utf8")) as RecoveryPoint & {
      readonly writerId?: string;
    };
    return { point, writerId };
  } catch (error) {
    throw damaged(code, name, "the point is not JSON", error);
  }
}
