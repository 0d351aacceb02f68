import { hasErrorCode, invariant } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";
import type { BlobOptions, BlobStore } from "./blob-store/blob-store.ts";
import { createChunkWriter } from "./chunk-writer.ts";
import type { ChunkWriter } from "./chunk-writer.ts";
import type { Codec, Opened } from "./crypto/codec.ts";
import { ownBytes } from "./crypto/hand-over.ts";
import { damagedChunk, missingChunk } from "./failure.ts";
import type { ChunkKind } from "./format/chunk-entry.ts";
import { packName } from "./format/pack.ts";
import { openIndexSet } from "./index-set.ts";
import type { ChunkPlace, IndexSet } from "./index-set.ts";
import type { ChunkRun } from "./chunk-runs.ts";

export interface RepositoryKeys {
  readonly repositoryId: string;
  readonly master: Uint8Array;
  readonly idKey: Uint8Array;
}

export interface ChunkStore extends AsyncDisposable {
  readonly indexes: IndexSet;
  readonly codec: Codec;
  /** Answers where a chunk is, looking for new index objects once; raises `repository.chunk.missing`. */
  locate(id: string, kind: ChunkKind, options?: BlobOptions): Promise<ChunkPlace>;
  /** Reads chunks that lie side by side with one call to the store, and opens each of them. */
  open(run: ChunkRun, options?: BlobOptions & { readonly wantsPlain?: boolean }): Promise<Opened>;
  /** Reads one chunk; raises `repository.chunk.damaged` or `repository.chunk.missing`. */
  read(id: string, kind: ChunkKind, options?: BlobOptions): Promise<Uint8Array>;
  startWriting(options?: BlobOptions): ChunkWriter;
}

/** Reads every index object and answers the chunks they name. Takes the codec over. */
export async function openChunkStore(
  parts: { readonly store: BlobStore; readonly keys: RepositoryKeys; readonly random: Random; readonly codec: Codec },
  options?: BlobOptions,
): Promise<ChunkStore> {
  const { store, keys, codec } = parts;
  const indexes = await openIndexSet(store, keys, options);
  const locate: ChunkStore["locate"] = async (id, kind, locateOptions) => {
    if (indexes.find(id) === undefined) await indexes.refresh(locateOptions);
    const found = indexes.find(id);
    if (found === undefined) throw missingChunk(`chunk ${id}`);
    if (found.entry.kind !== kind) throw damagedChunk(packName(found.packId), `chunk ${id} is of another kind`);
    return found;
  };
  const open: ChunkStore["open"] = async ({ packId, entries }, { wantsPlain = true, ...call } = {}) => {
    const object = packName(packId);
    const first = entries[0];
    const last = entries.at(-1);
    invariant(first !== undefined && last !== undefined, "a run has chunks");
    const range = { start: first.offset, end: last.offset + last.storedBytes };
    const sealed = await store.get(object, range, call).catch((error: unknown) => {
      if (hasErrorCode(error, "repository.store.missing")) throw missingChunk(object, "the pack is not there", error);
      if (hasErrorCode(error, "repository.store.short")) throw damagedChunk(object, "the pack is cut off", error);
      throw error;
    });
    return await codec.open({ packId, sealed: ownBytes(sealed), entries, wantsPlain });
  };
  return {
    indexes,
    codec,
    locate,
    open,
    async read(id, kind, readOptions) {
      const { packId, entry } = await locate(id, kind, readOptions);
      const { plain, failures } = await open({ packId, entries: [entry] }, readOptions);
      if (typeof failures[0] === "string") throw chunkFailed(packId, id, failures[0]);
      return plain;
    },
    startWriting: (writeOptions) => createChunkWriter({ ...parts, indexes }, writeOptions),
    [Symbol.asyncDispose]: () => codec[Symbol.asyncDispose](),
  };
}

/** Makes the error of a chunk that a codec could not open. */
export function chunkFailed(packId: string, id: string, reason: string) {
  return damagedChunk(packName(packId), `chunk ${id} does not open: ${reason}`);
}
