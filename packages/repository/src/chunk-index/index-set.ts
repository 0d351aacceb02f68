import type { HoldfastError } from "@holdfast/kernel";
import { createChunkTable } from "./chunk-table.ts";
import type { ChunkPlace, ChunkTable } from "./chunk-table.ts";
import type { IndexCache } from "./index-cache.ts";
import type { IndexImage } from "./index-image.ts";
import type { BlobOptions, BlobStore } from "../blob-store/blob-store.ts";
import type { RepositoryKeys } from "../chunk-store.ts";
import { openObject } from "../crypto/sealed-object.ts";
import { asDamage, damaged } from "../failure.ts";
import { decodeIndex } from "../format/index-object.ts";
import type { PackEntries } from "../format/index-object.ts";
import { maxIndexBytes } from "../format/limits.ts";

/** What the index objects of a repository say, as far as they have been read. */
export interface IndexSet extends Disposable {
  /** What is in memory: all of the index after `loadWhole`, else perhaps only what is newer than the local image. */
  readonly table: ChunkTable;
  /** Index objects that could not be opened, by name. Others may still name the same chunks. */
  readonly damage: ReadonlyMap<string, HoldfastError>;
  has(id: string): boolean;
  find(id: string): ChunkPlace | undefined;
  /** Every copy of a chunk, the one that `find` answers first. */
  findAll(id: string): ChunkPlace[];
  /** Takes in packs whose index object is durable. */
  remember(packs: readonly PackEntries[]): void;
  /** Reads index objects that others wrote since. Calls at the same time share one listing. */
  refresh(options?: BlobOptions): Promise<void>;
  /** Brings all of the index into memory, 62 bytes a chunk, for work that goes through every chunk. */
  loadWhole(options?: BlobOptions): Promise<void>;
}

interface State {
  table: ChunkTable;
  image: IndexImage | null;
  readonly damage: Map<string, HoldfastError>;
  /** Index objects that the table or the image has. */
  readonly known: Set<string>;
}

/** Reads every index object there is that the cache does not have. */
export async function openIndexSet(
  parts: { readonly store: BlobStore; readonly keys: RepositoryKeys; readonly cache: IndexCache | null },
  options?: BlobOptions,
): Promise<IndexSet> {
  const state: State = { table: createChunkTable(), image: null, damage: new Map(), known: new Set() };
  let loading: Promise<void> | undefined;
  const refresh = async (refreshOptions?: BlobOptions): Promise<void> => {
    refreshOptions?.signal?.throwIfAborted();
    loading ??= load(parts, state, null, refreshOptions).finally(() => (loading = undefined));
    await loading;
    refreshOptions?.signal?.throwIfAborted();
  };
  await load(parts, state, parts.cache, options);
  return {
    get table() {
      return state.table;
    },
    damage: state.damage,
    refresh,
    remember: (packs) => addPacks(state.table, packs),
    has: (id) => state.table.rowOf(id) >= 0 || (state.image?.findAll(id).length ?? 0) > 0,
    find(id) {
      const row = state.table.rowOf(id);
      return row < 0 ? state.image?.findAll(id)[0] : state.table.placeAt(row);
    },
    findAll(id) {
      const places: ChunkPlace[] = [];
      const { table } = state;
      for (let row = table.rowOf(id); row >= 0; row = table.rowBefore(row)) places.push(table.placeAt(row));
      return [...places, ...(state.image?.findAll(id) ?? [])];
    },
    async loadWhole(call) {
      const { image } = state;
      if (image !== null) {
        for (const name of image.covers) state.known.delete(name);
        state.image = null;
        image[Symbol.dispose]();
      }
      await refresh(call);
    },
    [Symbol.dispose]: () => state.image?.[Symbol.dispose](),
  };
}

/** Takes in the index objects that are not known. With a cache, opens its image first, and makes a new one where many are left. */
async function load(
  parts: { readonly store: BlobStore; readonly keys: RepositoryKeys },
  state: State,
  cache: IndexCache | null,
  options?: BlobOptions,
): Promise<void> {
  const listed = new Set(await Array.fromAsync(parts.store.list("index/", options)));
  if (cache !== null) {
    state.image = cache.open(listed);
    for (const name of state.image?.covers ?? []) state.known.add(name);
  }
  const limit = cache?.imageFromRows ?? Number.POSITIVE_INFINITY;
  using builder = new DisposableStack();
  let images: ReturnType<IndexCache["startImage"]> | undefined;
  const spill = (): void => {
    images ??= builder.use(cache!.startImage());
    images.addTable(state.table);
    state.table = createChunkTable();
  };
  for (const name of listed) {
    if (state.known.has(name)) continue;
    try {
      addPacks(state.table, await readIndex(parts, name, options));
    } catch (error) {
      const harm = asDamage(error, name);
      if (harm === null) throw error;
      state.damage.set(name, harm);
    }
    // Objects never change: one that is damaged now stays so.
    state.known.add(name);
    if (state.table.rowCount >= limit) spill();
  }
  if (images === undefined || cache === null) return;
  // A small rest stays in memory; an image is made anew from the older one and what is new.
  if (state.image !== null) images.addImage(state.image);
  spill();
  await images.build([...state.known].filter((name) => !state.damage.has(name)));
  state.image?.[Symbol.dispose]();
  state.image = cache.open(listed);
}

function addPacks(table: ChunkTable, packs: readonly PackEntries[]): void {
  for (const pack of packs) table.add(pack);
}

async function readIndex(
  { store, keys }: { readonly store: BlobStore; readonly keys: RepositoryKeys },
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
