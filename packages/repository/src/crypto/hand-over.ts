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
