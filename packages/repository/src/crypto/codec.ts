import type { ChunkEntry, ChunkKind } from "../format/chunk-entry.ts";

/** Cuts a batch to the grid and names its chunks. */
export interface IdentifyOrder {
  readonly kind: ChunkKind;
  readonly bytes: Uint8Array;
}

export interface Identified {
  readonly bytes: Uint8Array;
  /** One a chunk; null for a data chunk of zeros. */
  readonly ids: readonly (string | null)[];
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

export interface Sealed {
  readonly pack: Uint8Array;
  readonly entries: readonly ChunkEntry[];
}

/** Opens chunks of one pack whose sealed bytes lie side by side. */
export interface OpenOrder {
  readonly packId: string;
  readonly sealed: Uint8Array;
  readonly entries: readonly ChunkEntry[];
  /** False where only the verdict is wanted. */
  readonly wantsPlain: boolean;
}

export interface Opened {
  /** The chunks' bytes, one behind the other; zeros where one failed. Empty where they were not wanted. */
  readonly plain: Uint8Array;
  /** One a chunk: why it does not open, or null. */
  readonly failures: readonly (string | null)[];
}

/**
 * The work on data: hashing, compression and sealing.
 *
 * Every buffer of an order is handed over, and may be used by the caller only once it comes back in the answer. A codec
 * that cannot go on raises `repository.codec.failed`.
 */
export interface Codec extends AsyncDisposable {
  /** How many orders it works on at a time. */
  readonly parallelism: number;
  identify(order: IdentifyOrder): Promise<Identified>;
  seal(order: SealOrder): Promise<Sealed>;
  open(order: OpenOrder): Promise<Opened>;
}

export interface CodecKeys {
  readonly master: Uint8Array;
  readonly idKey: Uint8Array;
}
