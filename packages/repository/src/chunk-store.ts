import { createSlots, hasErrorCode } from "@holdfast/kernel";
import type { Random, Slots } from "@holdfast/kernel";
import type { BlobOptions, BlobStore, GetOptions } from "./blob-store/blob-store.ts";
import { createChunkWriter } from "./chunk-writer.ts";
import type { ChunkWriter } from "./chunk-writer.ts";
import { runBytes } from "./chunk-runs.ts";
import type { ChunkRun } from "./chunk-runs.ts";
import type { Codec } from "./crypto/codec.ts";
import { createInlineCodec } from "./crypto/inline-codec.ts";
import { createReadMemory, createWriteMemory } from "./data-memory.ts";
import type { WriteMemory } from "./data-memory.ts";
import { asDamage, damagedChunk, missingChunk } from "./failure.ts";
import type { ChunkKind } from "./format/chunk-entry.ts";
import { packName } from "./format/pack.ts";
import type { IndexCache } from "./chunk-index/index-cache.ts";
import { openIndexSet } from "./chunk-index/index-set.ts";
import type { ChunkPlace } from "./chunk-index/chunk-table.ts";
import type { IndexSet } from "./chunk-index/index-set.ts";

/** Captures at a time over one open repository; each has memory of its own. More wait. */
const capturesAtATime = 4;

export interface RepositoryKeys {
  readonly repositoryId: string;
  readonly master: Uint8Array;
  readonly idKey: Uint8Array;
}

export interface ChunkStore extends AsyncDisposable {
  readonly indexes: IndexSet;
  readonly codec: Codec;
  /** Memory for plain bytes that `open` fills. */
  readonly batches: Slots<Uint8Array>;
  /** Answers where a chunk is, looking for new index objects once; raises `repository.chunk.missing`. */
  locate(id: string, kind: ChunkKind, options?: BlobOptions): Promise<ChunkPlace>;
  /**
   * Reads chunks that lie side by side with one call to the store, and opens each of them, to the front of `target` one
   * behind the other, or only to know whether they open. Answers one verdict a chunk: why it does not open, or null.
   */
  open(run: ChunkRun, target: Uint8Array | null, options?: BlobOptions): Promise<readonly (string | null)[]>;
  /** Opens whichever copy of one chunk does open; raises what is wrong with the first where none does. */
  openAny(id: string, target: Uint8Array, options?: BlobOptions): Promise<void>;
  /** Reads one chunk on this thread, whichever copy does open; raises `repository.chunk.damaged` or `repository.chunk.missing`. */
  read(id: string, kind: ChunkKind, options?: BlobOptions): Promise<Uint8Array>;
  /** Runs a capture's writing with memory of its own, and waits for what is under way when the work ends. */
  write<R>(work: (writer: ChunkWriter, memory: WriteMemory) => Promise<R>, order: WriteOrder): Promise<R>;
}

export interface WriteOrder extends BlobOptions {
  /** A writer that is announced: see docs/concurrency.md. */
  readonly writerId: string;
  /** Writes chunks although the repository has them. */
  readonly isRewriting?: boolean;
  /** True for a chunk to write although the index has it: no copy of it opens. */
  readonly isLost?: (id: string) => boolean;
}

/** Reads every index object and answers the chunks they name. Takes the codec over. */
export async function openChunkStore(
  parts: {
    readonly store: BlobStore;
    readonly keys: RepositoryKeys;
    readonly random: Random;
    readonly codec: Codec;
    /** Where the index of a large repository is kept between runs. */
    readonly cache?: IndexCache;
  },
  options?: BlobOptions,
): Promise<ChunkStore> {
  const { store, keys, codec } = parts;
  const indexes = await openIndexSet({ store, keys, cache: parts.cache ?? null }, options);
  const inline = createInlineCodec(keys);
  const { batches, sealedRuns } = createReadMemory();
  const captures = createSlots<{ memory?: WriteMemory }>(Array.from({ length: capturesAtATime }, () => ({})));
  const locate = createLocate(indexes);
  const get = createRunReader(store);
  const open: ChunkStore["open"] = async (run, target, call) =>
    await sealedRuns.with(async (into) => {
      const sealed = await get(run, { ...call, into });
      return await codec.open({ packId: run.packId, sealed, entries: run.entries, target });
    });
  return {
    indexes,
    codec,
    batches,
    locate,
    open,
    async read(id, kind, call) {
      const { entry: first } = await locate(id, kind, call);
      const target = new Uint8Array(first.plainBytes);
      await firstGood(indexes, id, call, async ({ packId, entry }) => {
        const run = { packId, entries: [entry] };
        const [failure] = await inline.open({ ...run, sealed: await get(run, call ?? {}), target });
        if (failure != null) throw chunkFailed(packId, id, failure);
      });
      return target;
    },
    async openAny(id, target, call) {
      await firstGood(indexes, id, call, async ({ packId, entry }) => {
        const [failure] = await open({ packId, entries: [entry] }, target, call);
        if (failure != null) throw chunkFailed(packId, id, failure);
      });
    },
    write: async (work, { writerId, isRewriting = false, isLost, ...call }) =>
      await captures.with(async (kept) => {
        const memory = (kept.memory ??= createWriteMemory(codec.parallelism));
        await using writer = createChunkWriter(
          { ...parts, indexes, memory, writerId, isRewriting, ...(isLost === undefined ? {} : { isLost }) },
          call,
        );
        return await work(writer, memory);
      }),
    async [Symbol.asyncDispose]() {
      indexes[Symbol.dispose]();
      await codec[Symbol.asyncDispose]();
    },
  };
}

function createLocate(indexes: IndexSet): ChunkStore["locate"] {
  return async (id, kind, locateOptions) => {
    if (indexes.find(id) === undefined) await indexes.refresh(locateOptions);
    const found = indexes.find(id);
    if (found === undefined) throw missingChunk(`chunk ${id}`);
    if (found.entry.kind !== kind) throw damagedChunk(packName(found.packId), `chunk ${id} is of another kind`);
    return found;
  };
}

/** Reads the sealed bytes of runs; what a store says of a pack is said of the pack. */
function createRunReader(store: BlobStore) {
  return async (run: ChunkRun, call: GetOptions): Promise<Uint8Array> => {
    const object = packName(run.packId);
    return await store.get(object, runBytes(run), call).catch((error: unknown) => {
      if (hasErrorCode(error, "repository.store.missing")) throw missingChunk(object, "the pack is not there", error);
      if (hasErrorCode(error, "repository.store.short")) throw damagedChunk(object, "the pack is cut off", error);
      throw error;
    });
  };
}

/**
 * Tries the copies of a chunk in turn; raises what is wrong with the first where all are damaged. A prune may have moved the
 * chunk, or a heal stored it anew: copies that a new listing shows are tried too.
 */
async function firstGood(
  indexes: IndexSet,
  id: string,
  call: BlobOptions | undefined,
  attempt: (place: ChunkPlace) => Promise<void>,
): Promise<void> {
  const tried = new Set<string>();
  let first: unknown;
  const tryNew = async (): Promise<boolean> => {
    for (const place of indexes.findAll(id)) {
      if (tried.has(place.packId)) continue;
      tried.add(place.packId);
      try {
        await attempt(place);
        return true;
      } catch (error) {
        if (asDamage(error, packName(place.packId)) === null) throw error;
        first ??= error;
      }
    }
    return false;
  };
  if (await tryNew()) return;
  await indexes.refresh(call);
  if (await tryNew()) return;
  throw first;
}

/** Makes the error of a chunk that a codec could not open. */
export function chunkFailed(packId: string, id: string, reason: string) {
  return damagedChunk(packName(packId), `chunk ${id} does not open: ${reason}`);
}
