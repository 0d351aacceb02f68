import { hasErrorCode } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";
import type { BlobOptions, BlobStore } from "./blob-store/blob-store.ts";
import { chunkId, openChunk, packKey, sealChunk, shrink } from "./crypto/chunk-codec.ts";
import { openObject, sealObject } from "./crypto/sealed-object.ts";
import { counterNonce, deriveKey, seal } from "./crypto/sealing.ts";
import { damaged, damagedChunk, missingChunk } from "./failure.ts";
import { encodeEntries } from "./format/chunk-entry.ts";
import type { ChunkEntry, ChunkKind } from "./format/chunk-entry.ts";
import { decodeIndex, encodeIndex } from "./format/index-object.ts";
import type { PackEntries } from "./format/index-object.ts";
import { maxIndexBytes, packTargetBytes } from "./format/limits.ts";

export interface RepositoryKeys {
  readonly repositoryId: string;
  readonly master: Uint8Array;
  readonly idKey: Uint8Array;
}

export interface ChunkStore {
  readonly chunks: ReadonlyMap<string, { readonly packId: string; readonly entry: ChunkEntry }>;
  /** Index objects that could not be opened when the repository was. */
  readonly indexDamage: readonly { readonly object: string; readonly message: string }[];
  read(id: string, kind: ChunkKind, options?: BlobOptions): Promise<Uint8Array>;
  startWriting(options?: BlobOptions): ChunkWriter;
}

export interface ChunkWriter {
  readonly bytes: { added: number; stored: number };
  /** Answers the id; writes the chunk where the repository does not have it. */
  add(kind: ChunkKind, plain: Uint8Array): Promise<string>;
  /** Makes packs durable, then their index; only then are the chunks known to others. */
  finish(): Promise<void>;
}

export function packName(packId: string): string {
  return `packs/${packId.slice(0, 2)}/${packId}`;
}

/** Reads every index object and answers the chunks they name. */
export async function openChunkStore(
  store: BlobStore,
  keys: RepositoryKeys,
  random: Random,
  options?: BlobOptions,
): Promise<ChunkStore> {
  const chunks = new Map<string, { packId: string; entry: ChunkEntry }>();
  const remember = (packs: readonly PackEntries[]): void => {
    for (const { packId, entries } of packs) for (const entry of entries) chunks.set(entry.id, { packId, entry });
  };
  const indexDamage: { object: string; message: string }[] = [];
  for await (const name of store.list("index/", options)) {
    try {
      remember((await readIndex(store, keys, name, options)).packs);
    } catch (error) {
      if (!hasErrorCode(error, "repository.index.damaged") || !(error instanceof Error)) throw error;
      indexDamage.push({ object: name, message: error.message });
    }
  }
  return {
    chunks,
    indexDamage,
    async read(id, kind, readOptions) {
      const found = chunks.get(id);
      if (found === undefined) throw missingChunk(`chunk ${id}`);
      const { packId, entry } = found;
      const object = packName(packId);
      if (entry.kind !== kind) throw damagedChunk(object, `chunk ${id} is of another kind`);
      const range = { start: entry.offset, end: entry.offset + entry.storedBytes };
      const sealed = await store.get(object, range, readOptions).catch((error: unknown) => {
        if (hasErrorCode(error, "repository.store.missing")) throw missingChunk(object, error);
        if (hasErrorCode(error, "repository.store.short")) throw damagedChunk(object, "the pack is cut off", error);
        throw error;
      });
      return openChunk({ pack: packKey(keys.master, packId), id: keys.idKey }, entry, sealed, object);
    },
    startWriting: (writeOptions) =>
      createChunkWriter({ store, keys, random, has: (id) => chunks.has(id), remember }, writeOptions),
  };
}

async function readIndex(store: BlobStore, keys: RepositoryKeys, name: string, options?: BlobOptions) {
  const code = "repository.index.damaged";
  if (((await store.size(name, options)) ?? 0) > maxIndexBytes) throw damaged(code, name, "the object is too large");
  const plain = openObject(keys.master, name, await store.get(name, undefined, options), code);
  try {
    return decodeIndex(plain);
  } catch (error) {
    throw damaged(code, name, "the index does not decode", error);
  }
}

interface WriterNeeds {
  readonly store: BlobStore;
  readonly keys: RepositoryKeys;
  readonly random: Random;
  has(id: string): boolean;
  remember(packs: readonly PackEntries[]): void;
}

function createChunkWriter({ store, keys, random, has, remember }: WriterNeeds, options?: BlobOptions): ChunkWriter {
  const bytes = { added: 0, stored: 0 };
  const written = new Set<string>();
  const packs: PackEntries[] = [];
  let pack = startPack(keys.master, random);
  // One pack at a time goes out; whoever fills the next one waits for it, which bounds memory.
  let sending: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    if (pack.entries.length === 0) return;
    const full = pack;
    pack = startPack(keys.master, random);
    const before = sending;
    sending = (async () => {
      await before;
      const whole = full.finish();
      await store.put(packName(full.packId), whole, options);
      bytes.stored += whole.length;
      packs.push({ packId: full.packId, entries: full.entries });
    })();
    sending.catch(() => undefined);
    await before;
  };
  return {
    bytes,
    async add(kind, plain) {
      options?.signal?.throwIfAborted();
      const id = chunkId(keys.idKey, kind, plain);
      if (has(id) || written.has(id)) return id;
      written.add(id);
      bytes.added += plain.length;
      if (pack.add(kind, id, plain) >= packTargetBytes) await flush();
      return id;
    },
    async finish() {
      await flush();
      await sending;
      if (packs.length === 0) return;
      const name = `index/${Buffer.from(random.bytes(16)).toString("hex")}`;
      const sealed = sealObject(keys.master, name, random.bytes(16), encodeIndex(packs));
      await store.put(name, sealed, options);
      bytes.stored += sealed.length;
      remember(packs);
    },
  };
}

function startPack(master: Uint8Array, random: Random) {
  const packId = Buffer.from(random.bytes(16)).toString("hex");
  const key = packKey(master, packId);
  const directoryKey = deriveKey(master, Buffer.from(packId, "hex"), "holdfast/1/pack-directory");
  const parts: Uint8Array[] = [Buffer.from("HFPACK01"), Buffer.from(packId, "hex")];
  const entries: ChunkEntry[] = [];
  let offset = 24;
  return {
    packId,
    entries,
    add(kind: ChunkKind, id: string, plain: Uint8Array): number {
      const shrunk = shrink(plain);
      const head = { id, kind, plainBytes: plain.length, isCompressed: shrunk !== null, ordinal: entries.length };
      const sealed = sealChunk(key, head, shrunk ?? plain);
      parts.push(sealed);
      entries.push({ ...head, offset, storedBytes: sealed.length });
      offset += sealed.length;
      return offset;
    },
    finish(): Uint8Array {
      const context = Buffer.from(`holdfast/1/pack-directory/${packId}`);
      const directory = seal(encodeEntries(entries), { key: directoryKey, nonce: counterNonce(0), context });
      const trailer = Buffer.alloc(12);
      trailer.writeUInt32BE(directory.length, 0);
      trailer.write("HFPEND01", 4, "latin1");
      return Buffer.concat([...parts, directory, trailer]);
    },
  };
}
