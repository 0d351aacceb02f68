import { invariant } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";
import type { BlobOptions, BlobStore } from "./blob-store/blob-store.ts";
import type { RepositoryKeys } from "./chunk-store.ts";
import { chunkId, packKey, sealChunk, shrink } from "./crypto/chunk-codec.ts";
import { sealObject } from "./crypto/sealed-object.ts";
import type { ChunkEntry, ChunkKind } from "./format/chunk-entry.ts";
import { encodeIndex } from "./format/index-object.ts";
import type { PackEntries } from "./format/index-object.ts";
import { maxIndexBytes, maxPackBytes, packMaxEntries, packsPerIndex, packTargetBytes } from "./format/limits.ts";
import { packFooter, packHeader, packHeaderBytes, packName } from "./format/pack.ts";
import type { IndexSet } from "./index-set.ts";

export interface ChunkWriter {
  readonly bytes: { added: number; stored: number };
  /**
   * Answers the id; writes the chunk where the repository does not have it. A node may be added only after its children
   * were added to the same writer or are known from a published point: so whoever reuses a node has its children too.
   */
  add(kind: ChunkKind, plain: Uint8Array): Promise<string>;
  /** Makes packs durable, then their index; only then are the chunks known to others. */
  finish(): Promise<void>;
}

export interface ChunkWriterParts {
  readonly store: BlobStore;
  readonly keys: RepositoryKeys;
  readonly random: Random;
  readonly indexes: IndexSet;
}

export function createChunkWriter(parts: ChunkWriterParts, options?: BlobOptions): ChunkWriter {
  const { store, keys, random, indexes } = parts;
  const bytes = { added: 0, stored: 0 };
  const written = new Set<string>();
  let durable: PackEntries[] = [];
  let pack = startPack(keys.master, random);
  // One pack at a time goes out; whoever fills the next one waits for it, which bounds memory.
  let sending: Promise<void> = Promise.resolve();
  const writeIndex = async (): Promise<void> => {
    const packs = durable;
    durable = [];
    bytes.stored += await putIndex(parts, packs, options);
    indexes.remember(packs);
  };
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
      durable.push({ packId: full.packId, entries: full.entries });
      if (durable.length >= packsPerIndex) await writeIndex();
    })();
    sending.catch(() => undefined);
    await before;
  };
  return {
    bytes,
    async add(kind, plain) {
      options?.signal?.throwIfAborted();
      const id = chunkId(keys.idKey, kind, plain);
      if (indexes.find(id) !== undefined || written.has(id)) return id;
      written.add(id);
      bytes.added += plain.length;
      const size = pack.add(kind, id, plain);
      if (size >= packTargetBytes || pack.entries.length >= packMaxEntries) await flush();
      return id;
    },
    async finish() {
      await flush();
      await sending;
      if (durable.length > 0) await writeIndex();
    },
  };
}

async function putIndex(
  { store, keys, random }: ChunkWriterParts,
  packs: readonly PackEntries[],
  options?: BlobOptions,
): Promise<number> {
  const name = `index/${Buffer.from(random.bytes(16)).toString("hex")}`;
  const sealed = sealObject(keys.master, name, random.bytes(16), encodeIndex(packs));
  invariant(sealed.length <= maxIndexBytes, "an index object is past its limit");
  await store.put(name, sealed, options);
  return sealed.length;
}

function startPack(master: Uint8Array, random: Random) {
  const packId = Buffer.from(random.bytes(16)).toString("hex");
  const key = packKey(master, packId);
  const parts: Uint8Array[] = [packHeader(packId)];
  const entries: ChunkEntry[] = [];
  let offset = packHeaderBytes;
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
      const whole = Buffer.concat([...parts, packFooter(master, packId, entries)]);
      invariant(whole.length <= maxPackBytes, "a pack is past its limit");
      return whole;
    },
  };
}
