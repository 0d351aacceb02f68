/** Answers the bytes in a buffer that nothing else shares: the same where they fill theirs, else a copy. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && bytes.byteOffset === 0 && buffer.byteLength === bytes.length)
    return new Uint8Array(buffer);
  return Uint8Array.from(bytes);
}

/** The buffers of a message's own bytes, to be moved rather than copied. Each is whole: see `ownBytes`. */
export function buffersOf(message: object): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = [];
  for (const value of Object.values(message) as unknown[])
    if (value instanceof Uint8Array && value.buffer instanceof ArrayBuffer && value.length > 0)
      buffers.push(value.buffer);
  return buffers;
}

/** Small buffers may be parts of one that Node shares out. */
const minDiscardBytes = 128 * 1024;

/**
 * Frees the memory of bytes that nobody reads any more, now: each thread's collector knows only its own heap and would
 * let hundreds of MiB of buffers wait. The bytes are empty afterwards.
 */
export function discard(bytes: Uint8Array): void {
  const { buffer, byteOffset } = bytes;
  if (buffer instanceof ArrayBuffer && byteOffset === 0 && buffer.byteLength >= minDiscardBytes) buffer.transfer(0);
}
