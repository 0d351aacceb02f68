import type { HoldfastError } from "@holdfast/kernel";
import { createChunkTable } from "./chunk-table.ts";
import type { ChunkPlace, ChunkTable } from "./chunk-table.ts";
import type { BlobOptions, BlobStore } from "../blob-store/blob-store.ts";
import type { RepositoryKeys } from "../chunk-store.ts";
import { openObject } from "../crypto/sealed-object.ts";
import { asDamage, damaged } from "../failure.ts";
import { decodeIndex } from "../format/index-object.ts";
import type { PackEntries } from "../format/index-object.ts";
import { maxIndexBytes } from "../format/limits.ts";

/** What the index objects of a repository say, as far as they have been read. */
export interface IndexSet {
  readonly table: ChunkTable;
  /** Index objects that could not be opened, by name. Others may still name the same chunks. */
  readonly damage: ReadonlyMap<string, HoldfastError>;
  find(id: string): ChunkPlace | undefined;
  /** Every copy of a chunk, the one that `find` answers first. */
  findAll(id: string): ChunkPlace[];
  /** Takes in packs whose index object is durable. */
  remember(packs: readonly PackEntries[]): void;
  /** Reads index objects that others wrote since. Calls at the same time share one listing. */
  refresh(options?: BlobOptions): Promise<void>;
}

/** Reads every index object there is. */
export async function openIndexSet(store: BlobStore, keys: RepositoryKeys, options?: BlobOptions): Promise<IndexSet> {
  const table = createChunkTable();
  const damage = new Map<string, HoldfastError>();
  const known = new Set<string>();
  const remember = (found: readonly PackEntries[]): void => {
    for (const pack of found) table.add(pack);
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
  return {
    table,
    damage,
    remember,
    refresh,
    find(id) {
      const row = table.rowOf(id);
      return row < 0 ? undefined : table.placeAt(row);
    },
    findAll(id) {
      const places: ChunkPlace[] = [];
      for (let row = table.rowOf(id); row >= 0; row = table.rowBefore(row)) places.push(table.placeAt(row));
      return places;
    },
  };
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
