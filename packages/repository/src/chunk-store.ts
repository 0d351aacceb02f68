import { hasErrorCode } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";
import type { BlobOptions, BlobStore } from "./blob-store/blob-store.ts";
import { createChunkWriter } from "./chunk-writer.ts";
import type { ChunkWriter } from "./chunk-writer.ts";
import { openChunk, packKey } from "./crypto/chunk-codec.ts";
import { damagedChunk, missingChunk } from "./failure.ts";
import type { ChunkKind } from "./format/chunk-entry.ts";
import { packName } from "./format/pack.ts";
import { openIndexSet } from "./index-set.ts";
import type { ChunkPlace, IndexSet } from "./index-set.ts";

export interface RepositoryKeys {
  readonly repositoryId: string;
  readonly master: Uint8Array;
  readonly idKey: Uint8Array;
}

export interface ChunkStore {
  readonly indexes: IndexSet;
  /** Answers where a chunk is, looking for new index objects once; raises `repository.chunk.missing`. */
  locate(id: string, options?: BlobOptions): Promise<ChunkPlace>;
  read(id: string, kind: ChunkKind, options?: BlobOptions): Promise<Uint8Array>;
  startWriting(options?: BlobOptions): ChunkWriter;
}

/** Reads every index object and answers the chunks they name. */
export async function openChunkStore(
  store: BlobStore,
  keys: RepositoryKeys,
  random: Random,
  options?: BlobOptions,
): Promise<ChunkStore> {
  const indexes = await openIndexSet(store, keys, options);
  const locate = async (id: string, locateOptions?: BlobOptions): Promise<ChunkPlace> => {
    const known = indexes.find(id);
    if (known !== undefined) return known;
    await indexes.refresh(locateOptions);
    const found = indexes.find(id);
    if (found === undefined) throw missingChunk(`chunk ${id}`);
    return found;
  };
  return {
    indexes,
    locate,
    async read(id, kind, readOptions) {
      const { packId, entry } = await locate(id, readOptions);
      const object = packName(packId);
      if (entry.kind !== kind) throw damagedChunk(object, `chunk ${id} is of another kind`);
      const range = { start: entry.offset, end: entry.offset + entry.storedBytes };
      const sealed = await store.get(object, range, readOptions).catch((error: unknown) => {
        if (hasErrorCode(error, "repository.store.missing")) throw missingChunk(object, "the pack is not there", error);
        if (hasErrorCode(error, "repository.store.short")) throw damagedChunk(object, "the pack is cut off", error);
        throw error;
      });
      return openChunk({ pack: packKey(keys.master, packId), id: keys.idKey }, entry, sealed, object);
    },
    startWriting: (writeOptions) => createChunkWriter({ store, keys, random, indexes }, writeOptions),
  };
}
