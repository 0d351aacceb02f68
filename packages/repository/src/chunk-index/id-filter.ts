/** Bits for each id: about one id in a hundred that is not there passes. */
const bitsPerId = 10;
const probes = 7;

/** A Bloom filter over ids. They are keyed hashes, so parts of them serve as its hash functions. */
export interface IdFilter {
  readonly bytes: Uint8Array;
  /** Takes the first 16 bytes of an id. */
  add(id: Uint8Array): void;
  /** False only for an id that was never added. */
  mayHave(id: Uint8Array): boolean;
}

export function createIdFilter(count: number, stored?: Uint8Array): IdFilter {
  const bytes = stored ?? new Uint8Array(Math.max(8, Math.ceil((count * bitsPerId) / 8)));
  const bits = bytes.length * 8;
  const eachBit = (id: Uint8Array, visit: (byte: number, mask: number) => boolean): boolean => {
    const first = uint32(id, 4) * 2 ** 20 + (uint32(id, 8) >>> 12);
    const step = uint32(id, 12) | 1;
    for (let i = 0; i < probes; i += 1) {
      const bit = (first + i * (step >>> 0)) % bits;
      if (!visit(Math.floor(bit / 8), 1 << (bit % 8))) return false;
    }
    return true;
  };
  return {
    bytes,
    add: (id) =>
      void eachBit(id, (byte, mask) => {
        bytes[byte]! |= mask;
        return true;
      }),
    mayHave: (id) => eachBit(id, (byte, mask) => (bytes[byte]! & mask) !== 0),
  };
}

function uint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
