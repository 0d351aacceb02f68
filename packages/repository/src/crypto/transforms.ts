/** A key, a nonce that was never used under it, and what is authenticated beside the bytes. */
export interface SealingContext {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly context: Uint8Array;
}

/**
 * What turns the bytes of a chunk into what a pack holds, and back, in memory that the caller hands in.
 *
 * Every implementation writes bytes that every other opens; one suite checks them against the vectors of the format.
 * Memory may be shared between threads.
 */
export interface Transforms {
  readonly name: "built-in" | "ffi";
  /** zstd level 1 to the front of `target`; answers the length, or null where the result is not shorter than `plain`. */
  compress(plain: Uint8Array, target: Uint8Array): number | null;
  /** Fills `target` exactly; raises RangeError where the bytes are no zstd frame of this length. */
  decompress(packed: Uint8Array, target: Uint8Array): void;
  /** AES-256-GCM: the ciphertext, then its 16-byte tag, to the front of `target`; answers the length of both. */
  seal(plain: Uint8Array, target: Uint8Array, by: SealingContext): number;
  /** Opens to the front of `target`; answers the length. Raises RangeError where the seal is not that of `by`. */
  open(sealed: Uint8Array, target: Uint8Array, by: SealingContext): number;
}
