import { createSlots, invariant } from "@holdfast/kernel";
import type { WriteMemory } from "./data-memory.ts";
import type { BlobOptions } from "./blob-store/blob-store.ts";
import type { Codec, SealOrder } from "./crypto/codec.ts";
import type { ChunkKind } from "./format/chunk-entry.ts";
import { chunkSizeBytes, maxBatchBytes } from "./format/limits.ts";
import { createIdTable } from "./chunk-index/id-table.ts";
import { isFull, startPack } from "./open-pack.ts";
import type { OpenPack } from "./open-pack.ts";
import { createPackOutbox } from "./pack-outbox.ts";
import type { OutboxParts, PackOutbox } from "./pack-outbox.ts";

export interface ChunkWriter extends AsyncDisposable {
  readonly bytes: { added: number; stored: number };
  /**
   * Cuts up to 4 MiB to the grid and answers one id a chunk, null for a data chunk of zeros; writes what the repository
   * does not have. The bytes are the caller's again with the answer. A node may be added only after its children were added to the same writer, or
   * where they are known from a published point: so whoever reuses a node has its children too.
   */
  add(kind: ChunkKind, bytes: Uint8Array): Promise<readonly (string | null)[]>;
  /** Makes packs durable, then their index; only then are the chunks known to others. */
  finish(): Promise<void>;
}

export interface ChunkWriterParts extends OutboxParts {
  readonly codec: Codec;
  readonly memory: WriteMemory;
  /** Writes chunks although the repository has them: to move them to other packs. */
  readonly isRewriting: boolean;
  /** True for a chunk to write although the index has it: no copy of it opens. */
  readonly isLost?: (id: string) => boolean;
}

/** Disposing waits for what is under way; without `finish`, chunks whose index is not written yet stay unknown. */
export function createChunkWriter(parts: ChunkWriterParts, options?: BlobOptions): ChunkWriter {
  const { codec, indexes } = parts;
  const bytes = { added: 0, stored: 0 };
  const written = createIdTable();
  const outbox = createPackOutbox(parts, bytes, options);
  const packs = createLanes(parts, outbox);
  /** True once for each chunk: whoever asks first writes it. */
  const isNew = (id: string): boolean => {
    if (written.rowOf(id) >= 0) return false;
    if (!parts.isRewriting && parts.isLost?.(id) !== true && indexes.isReusable(id)) return false;
    written.add(id);
    return true;
  };
  return {
    bytes,
    async add(kind, plain) {
      options?.signal?.throwIfAborted();
      outbox.check();
      invariant(plain.length > 0 && plain.length <= maxBatchBytes, `a batch has ${plain.length} bytes`);
      const ids = await codec.identify({ kind, bytes: plain });
      options?.signal?.throwIfAborted();
      const pieces = cut(ids, plain.length).filter(({ id }) => isNew(id));
      for (const { start, end } of pieces) bytes.added += end - start;
      if (pieces.length > 0) await packs.write(kind, plain, pieces);
      return ids;
    },
    async finish() {
      packs.sendAll();
      await outbox.finish();
    },
    [Symbol.asyncDispose]: () => outbox.settle(),
  };
}

type Piece = SealOrder["pieces"][number];

/** Fills as many packs at a time as the codec has threads, so that batches are sealed side by side. */
function createLanes({ codec, random, memory }: ChunkWriterParts, outbox: PackOutbox) {
  const lanes: { pack: OpenPack | undefined }[] = Array.from({ length: codec.parallelism }, () => ({
    pack: undefined,
  }));
  const free = createSlots(lanes);
  const send = (lane: { pack: OpenPack | undefined }): void => {
    const { pack } = lane;
    lane.pack = undefined;
    if (pack !== undefined) outbox.send(pack, () => memory.packs.give(pack.buffer));
  };
  return {
    async write(kind: ChunkKind, bytes: Uint8Array, pieces: Piece[]): Promise<void> {
      const lane = await free.take();
      try {
        outbox.check();
        const pack = (lane.pack ??= startPack(random, await memory.packs.take()));
        const { packId, offset, buffer, entries } = pack;
        const order = { kind, bytes, pieces, packId, offset, pack: buffer, firstOrdinal: entries.length };
        pack.take(await codec.seal(order).catch((error: unknown) => outbox.fail(error)));
        if (isFull(pack)) send(lane);
      } finally {
        free.give(lane);
      }
    },
    sendAll(): void {
      for (const lane of lanes) send(lane);
    },
  };
}

function cut(ids: readonly (string | null)[], length: number): Piece[] {
  return ids.flatMap((id, i) => {
    const start = i * chunkSizeBytes;
    return id === null ? [] : [{ id, start, end: Math.min(start + chunkSizeBytes, length) }];
  });
}
