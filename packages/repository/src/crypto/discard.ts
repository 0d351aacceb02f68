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
