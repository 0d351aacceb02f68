import type { ChunkEntry, ChunkKind } from "../format/chunk-entry.ts";

/** Cuts a batch to the grid and names its chunks. */
export interface IdentifyOrder {
  readonly kind: ChunkKind;
  readonly bytes: Uint8Array;
}

/** Seals some chunks of a batch into a pack, one behind the other from an offset. */
export interface SealOrder {
  readonly kind: ChunkKind;
  readonly bytes: Uint8Array;
  readonly pieces: readonly { readonly id: string; readonly start: number; readonly end: number }[];
  readonly packId: string;
  readonly pack: Uint8Array;
  readonly offset: number;
  readonly firstOrdinal: number;
}

/** Opens chunks of one pack whose sealed bytes lie side by side. */
export interface OpenOrder {
  readonly packId: string;
  readonly sealed: Uint8Array;
  readonly entries: readonly ChunkEntry[];
  /** Takes the chunks' bytes, one behind the other; null where only the verdict is wanted. */
  readonly target: Uint8Array | null;
}

/**
 * The work on data: hashing, compression and sealing.
 *
 * Memory that a codec writes to (`pack`, `target`) must be shared memory (see data-memory.ts) unless the codec works on the
 * caller's thread; what it only reads may be any, and is copied to the thread where it is not shared. The caller keeps its
 * hands off an order's memory until the answer is there. A codec that cannot go on raises `repository.codec.failed`.
 */
export interface Codec extends AsyncDisposable {
  /** How many orders it works on at a time. */
  readonly parallelism: number;
  /** Answers one id a chunk; null for a data chunk of zeros. */
  identify(order: IdentifyOrder): Promise<readonly (string | null)[]>;
  /** Answers the entries of the pieces, in order. */
  seal(order: SealOrder): Promise<readonly ChunkEntry[]>;
  /** Answers one verdict a chunk: why it does not open, or null. The target of a chunk that fails has any bytes. */
  open(order: OpenOrder): Promise<readonly (string | null)[]>;
}

export interface CodecKeys {
  readonly master: Uint8Array;
  readonly idKey: Uint8Array;
}
