import { builtInTransforms } from "./built-in-transforms.ts";
import type { Transforms } from "./transforms.ts";

/**
 * Answers the fastest transforms that this Node has and that pass a self test against the built-in ones; the built-in ones
 * where FFI may not be used, is not there, or gives other results.
 */
export async function chooseTransforms(options: { readonly mayUseFfi: boolean }): Promise<Transforms> {
  if (!options.mayUseFfi) return builtInTransforms;
  try {
    // Older releases of Node 26 have no such module.
    const { createFfiTransforms } = await import("./ffi-transforms.ts");
    const ffi = createFfiTransforms();
    selfTest(ffi, builtInTransforms);
    return ffi;
  } catch {
    // Slower, not wrong: the built-in transforms write and read the same bytes.
    return builtInTransforms;
  }
}

/** Raises where one of the two cannot open what the other made, or does not see damage. */
export function selfTest(tested: Transforms, trusted: Transforms): void {
  const plain = Uint8Array.from({ length: 4096 }, (_, i) => (i % 64) * (i % 7));
  const by = { key: plain.slice(64, 96), nonce: plain.slice(96, 108), context: plain.slice(0, 54) };
  for (const [maker, reader] of [
    [tested, trusted],
    [trusted, tested],
  ] as const) {
    const packed = new Uint8Array(plain.length);
    const packedBytes = maker.compress(plain, packed);
    const sealed = new Uint8Array(plain.length + 16);
    const sealedBytes = maker.seal(packed.subarray(0, packedBytes ?? 0), sealed, by);
    const opened = new Uint8Array(plain.length);
    const openedBytes = reader.open(sealed.subarray(0, sealedBytes), opened, by);
    const back = new Uint8Array(plain.length);
    reader.decompress(opened.subarray(0, openedBytes), back);
    if (openedBytes !== packedBytes || Buffer.compare(back, plain) !== 0) throw new RangeError("the bytes differ");
    sealed[3]! ^= 1;
    let isSeen = false;
    try {
      reader.open(sealed.subarray(0, sealedBytes), opened, by);
    } catch {
      isSeen = true;
    }
    if (!isSeen) throw new RangeError("damage is not seen");
  }
}
