import { HoldfastError } from "@holdfast/kernel";
import type { BlobOptions, BlobStore } from "./blob-store/blob-store.ts";
import type { RepositoryKeys } from "./chunk-store.ts";
import { openObject } from "./crypto/sealed-object.ts";
import { asDamage, damaged } from "./failure.ts";
import type { ChunkEntry } from "./format/chunk-entry.ts";
import { decodeIndex } from "./format/index-object.ts";
import type { PackEntries } from "./format/index-object.ts";
import { maxIndexBytes } from "./format/limits.ts";

export interface ChunkPlace {
  readonly packId: string;
  readonly entry: ChunkEntry;
}

/** What the index objects of a repository say, as far as they have been read. */
export interface IndexSet {
  readonly packs: ReadonlyMap<string, PackEntries>;
  /** Index objects that could not be opened, by name. Others may still name the same chunks. */
  readonly damage: ReadonlyMap<string, HoldfastError>;
  find(id: string): ChunkPlace | undefined;
  /** Takes in packs whose index object is durable. */
  remember(packs: readonly PackEntries[]): void;
  /** Reads index objects that others wrote since. Calls at the same time share one listing. */
  refresh(options?: BlobOptions): Promise<void>;
}

/** Reads every index object there is. */
export async function openIndexSet(store: BlobStore, keys: RepositoryKeys, options?: BlobOptions): Promise<IndexSet> {
  const chunks = new Map<string, ChunkPlace>();
  const packs = new Map<string, PackEntries>();
  const damage = new Map<string, HoldfastError>();
  const known = new Set<string>();
  const remember = (found: readonly PackEntries[]): void => {
    for (const pack of found) {
      packs.set(pack.packId, pack);
      for (const entry of pack.entries) chunks.set(entry.id, { packId: pack.packId, entry });
    }
  };
  const load = async (loadOptions?: BlobOptions): Promise<void> => {
    for await (const name of store.list("index/", loadOptions)) {
      if (known.has(name)) continue;
      try {
        remember(await readIndex(store, keys, name, loadOptions));
      } catch (error) {
        const harm = asDamage(error, name);
        if (harm === null) throw error;
        damage.set(name, harm);
      }
      // Objects never change: one that is damaged now stays so.
      known.add(name);
    }
  };
  let loading: Promise<void> | undefined;
  const refresh = async (refreshOptions?: BlobOptions): Promise<void> => {
    refreshOptions?.signal?.throwIfAborted();
    loading ??= load().finally(() => (loading = undefined));
    await loading;
    refreshOptions?.signal?.throwIfAborted();
  };
  await load(options);
  return { packs, damage, find: (id) => chunks.get(id), remember, refresh };
}

async function readIndex(
  store: BlobStore,
  keys: RepositoryKeys,
  name: string,
  options?: BlobOptions,
): Promise<readonly PackEntries[]> {
  const code = "repository.index.damaged";
  if (((await store.size(name, options)) ?? 0) > maxIndexBytes) throw damaged(code, name, "the object is too large");
  const bytes = await store.get(name, undefined, options).catch((error: unknown) => {
    const harm = asDamage(error, name);
    throw harm === null ? error : damaged(code, name, "the object cannot be read whole", error);
  });
  const plain = openObject(keys.master, name, bytes, code);
  try {
    return decodeIndex(plain).packs;
  } catch (error) {
    throw damaged(code, name, "the index does not decode", error);
  }
}
