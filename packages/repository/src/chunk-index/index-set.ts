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
import { readObject } from "../read-object.ts";

/** What the index objects of a repository say, as far as they have been read. */
export interface IndexSet extends Disposable {
  /** What is in memory: all of the index after `loadWhole`, else perhaps only what is newer than the local image. */
  readonly table: ChunkTable;
  /** Index objects that could not be opened, by name. Others may still name the same chunks. */
  readonly damage: ReadonlyMap<string, HoldfastError>;
  /** The packs of each index object that is there, all of them after `loadWhole`. */
  readonly objects: ReadonlyMap<string, readonly string[]>;
  has(id: string): boolean;
  /** Whether a capture may rely on a chunk that is there: some copy is in a pack that the rules allow. */
  isReusable(id: string): boolean;
  /** Whether an index object that counts names the pack. */
  isNamed(packId: string): boolean;
  /** From now on these rules say what is reusable. */
  setRules(rules: ReuseRules, options?: BlobOptions): Promise<void>;
  find(id: string): ChunkPlace | undefined;
  /** Every copy of a chunk, the one that `find` answers first. */
  findAll(id: string): ChunkPlace[];
  /** Takes in packs whose index object, of this name, is durable. */
  remember(packs: readonly PackEntries[], name: string): void;
  /** Reads index objects that others wrote since. Calls at the same time share one listing. */
  refresh(options?: BlobOptions): Promise<void>;
  /** Brings all of the index into memory, 62 bytes a chunk, for work that goes through every chunk. */
  loadWhole(options?: BlobOptions): Promise<void>;
}

/** What of an index may be relied upon; see docs/concurrency.md. */
export interface ReuseRules {
  /** The epoch that says so. Rules of an older one than those in force are not taken. */
  readonly epoch: number;
  /** Packs that are to go. */
  readonly condemned: ReadonlySet<string>;
  /** Whether an index object counts: not where its writer is fenced. */
  counts(name: string): boolean;
}

interface LoadParts {
  readonly store: BlobStore;
  readonly keys: RepositoryKeys;
  readonly cache: IndexCache | null;
  /** What a second listing shows and is not there is damage. */
  readonly isSecond?: boolean;
}

interface State {
  table: ChunkTable;
  image: IndexImage | null;
  rules: ReuseRules;
  /** Packs of each index object that the table has and the last listing showed. */
  readonly objects: Map<string, readonly string[]>;
  /** Packs that an index object names which counts; null while that is all of them. */
  named: Set<string> | null;
  /** Whether the table has packs of index objects that are gone. */
  hasForgotten: boolean;
  readonly damage: Map<string, HoldfastError>;
  /** Index objects that the table or the image has. */
  readonly known: Set<string>;
}

/** Reads every index object there is that the cache does not have. */
export async function openIndexSet(
  parts: { readonly store: BlobStore; readonly keys: RepositoryKeys; readonly cache: IndexCache | null },
  options?: BlobOptions,
): Promise<IndexSet> {
  const state = emptyState();
  const { isAllowed, hidesNone, findAll, has } = createLookUps(state);
  let loading: Promise<void> | undefined;
  const refresh = async (refreshOptions?: BlobOptions): Promise<void> => {
    refreshOptions?.signal?.throwIfAborted();
    loading ??= load({ ...parts, cache: null }, state, refreshOptions).finally(() => (loading = undefined));
    await loading;
    refreshOptions?.signal?.throwIfAborted();
  };
  await load(parts, state, options);
  return {
    get table() {
      return state.table;
    },
    damage: state.damage,
    refresh,
    remember(packs, name) {
      addPacks(state.table, packs);
      state.known.add(name);
      state.objects.set(
        name,
        packs.map(({ packId }) => packId),
      );
      if (state.rules.counts(name)) for (const { packId } of packs) state.named?.add(packId);
      else countNames(state);
    },
    objects: state.objects,
    has,
    isReusable: (id) => (hidesNone() ? has(id) : findAll(id).some(({ packId }) => isAllowed(packId))),
    isNamed: (packId) => isNamed(state, packId),
    async setRules(rules, call) {
      if (rules.epoch < state.rules.epoch) return;
      if (state.image?.covers.every((name) => rules.counts(name)) === false) {
        dropImage(state);
        await refresh(call);
      }
      if (rules.epoch < state.rules.epoch) return;
      state.rules = rules;
      countNames(state);
    },
    find(id) {
      const row = state.table.rowOf(id);
      if (!hidesNone()) return findAll(id)[0];
      return row < 0 ? state.image?.findAll(id)[0] : state.table.placeAt(row);
    },
    findAll,
    async loadWhole(call) {
      dropImage(state);
      await refresh(call);
    },
    [Symbol.dispose]: () => state.image?.[Symbol.dispose](),
  };
}

function emptyState(): State {
  return {
    table: createChunkTable(),
    image: null,
    rules: { epoch: 0, condemned: new Set(), counts: () => true },
    objects: new Map(),
    named: null,
    hasForgotten: false,
    damage: new Map(),
    known: new Set(),
  };
}

/** Answers from the table and the image, with what the rules allow first. */
function createLookUps(state: State) {
  const isAllowed = (packId: string): boolean => isNamed(state, packId) && !state.rules.condemned.has(packId);
  const hidesNone = (): boolean => state.named === null && state.rules.condemned.size === 0;
  const findAll = (id: string): ChunkPlace[] => {
    const places: ChunkPlace[] = [];
    const { table } = state;
    for (let row = table.rowOf(id); row >= 0; row = table.rowBefore(row)) places.push(table.placeAt(row));
    places.push(...(state.image?.findAll(id) ?? []));
    if (places.length < 2 || hidesNone()) return places;
    // What is to go may be gone already.
    return [
      ...places.filter((place) => isAllowed(place.packId)),
      ...places.filter((place) => !isAllowed(place.packId)),
    ];
  };
  const has = (id: string): boolean => state.table.rowOf(id) >= 0 || (state.image?.findAll(id).length ?? 0) > 0;
  return { isAllowed, hidesNone, findAll, has };
}

/** Takes in the index objects that are not known. With a cache, opens its image first, and makes a new one where many are left. */
async function load(parts: LoadParts, state: State, options?: BlobOptions): Promise<void> {
  const { cache } = parts;
  const knownBefore = [...state.known, ...state.objects.keys()];
  const listed = new Set(await Array.fromAsync(parts.store.list("index/", options)));
  for (const name of knownBefore.filter((known) => !listed.has(known))) forget(state, name);
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
    state.objects.clear();
  };
  let isBehind = false;
  for (const name of listed) {
    if (state.known.has(name)) continue;
    try {
      const packs = await readIndex(parts, name, options);
      addPacks(state.table, packs);
      state.objects.set(
        name,
        packs.map(({ packId }) => packId),
      );
    } catch (error) {
      const harm = asDamage(error, name);
      if (harm === null) throw error;
      // A prune replaced it since the listing; what replaced it may not be in the listing.
      if (parts.isSecond !== true && (await parts.store.size(name, options)) === null) {
        isBehind = true;
        continue;
      }
      state.damage.set(name, harm);
    }
    // Objects never change: one that is damaged now stays so.
    state.known.add(name);
    if (state.table.rowCount >= limit) spill();
  }
  countNames(state);
  if (isBehind) await load({ ...parts, cache: null, isSecond: true }, state, options);
  if (images === undefined || cache === null) return;
  // A small rest stays in memory; an image is made anew from the older one and what is new.
  if (state.image !== null) images.addImage(state.image);
  spill();
  await images.build([...state.known].filter((name) => !state.damage.has(name)));
  state.image?.[Symbol.dispose]();
  state.image = cache.open(listed);
}

/** Makes the next load read what the image covers into the table. */
function dropImage(state: State): void {
  const { image } = state;
  if (image === null) return;
  for (const name of image.covers) state.known.delete(name);
  state.image = null;
  image[Symbol.dispose]();
}

/** An index object is not listed any more: its packs are named by others, or not at all. */
function forget(state: State, name: string): void {
  if (state.image?.covers.includes(name) === true) dropImage(state);
  state.known.delete(name);
  state.objects.delete(name);
  state.damage.delete(name);
  state.hasForgotten = true;
}

/** Finds out which packs are named by index objects that count. Rows stay where they are: others may be at work on them. */
function countNames(state: State): void {
  const { objects, rules } = state;
  if (!state.hasForgotten && state.named === null && [...objects.keys()].every((name) => rules.counts(name))) return;
  state.named = new Set();
  for (const [name, packIds] of objects) if (rules.counts(name)) for (const packId of packIds) state.named.add(packId);
}

function isNamed({ named, image, table }: State, packId: string): boolean {
  if (named === null || named.has(packId)) return true;
  // The image is there only while every index object that it covers is, and counts.
  return image !== null && table.rowsOf(packId) === null;
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
  const bytes = await readObject(store, name, { maxBytes: maxIndexBytes, code }, options).catch((error: unknown) => {
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
