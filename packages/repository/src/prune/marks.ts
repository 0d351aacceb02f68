import { hasErrorCode } from "@holdfast/kernel";
import type { BlobOptions } from "../blob-store/blob-store.ts";
import { openObject, sealObject } from "../crypto/sealed-object.ts";
import { damaged } from "../failure.ts";
import { maxMarkBytes } from "../format/limits.ts";
import { readObject } from "../read-object.ts";
import type { EpochParts } from "./epoch.ts";

/** Small sealed objects that say one thing of the object whose name they carry. */
export type MarkFolder = "deleted" | "holds" | "fenced" | "writers";

/** Puts a mark; answers false where it is there already. */
export async function putMark(
  { store, keys, random }: EpochParts,
  name: `${MarkFolder}/${string}`,
  value: object,
  options?: BlobOptions,
): Promise<boolean> {
  try {
    const sealed = sealObject(keys.master, name, random.bytes(16), Buffer.from(JSON.stringify(value)));
    await store.put(name, sealed, options);
    return true;
  } catch (error) {
    if (hasErrorCode(error, "repository.store.exists")) return false;
    throw error;
  }
}

/** Reads a mark; null where there is none. Raises `repository.mark.damaged`. */
export async function readMark<T>(
  { store, keys }: Pick<EpochParts, "store" | "keys">,
  name: `${MarkFolder}/${string}`,
  options?: BlobOptions,
): Promise<T | null> {
  let bytes: Uint8Array;
  try {
    bytes = await readObject(store, name, { maxBytes: maxMarkBytes, code: "repository.mark.damaged" }, options);
  } catch (error) {
    if (hasErrorCode(error, "repository.store.missing")) return null;
    throw error;
  }
  const plain = openObject(keys.master, name, bytes, "repository.mark.damaged");
  try {
    return JSON.parse(plain.toString("utf8")) as T;
  } catch (error) {
    throw damaged("repository.mark.damaged", name, "the mark is not JSON", error);
  }
}

/** Lists what is marked: the names behind the folder. */
export async function listMarks(
  { store }: Pick<EpochParts, "store">,
  folder: MarkFolder,
  options?: BlobOptions,
): Promise<string[]> {
  const prefix = `${folder}/`;
  return (await Array.fromAsync(store.list(prefix, options))).map((name) => name.slice(prefix.length));
}
