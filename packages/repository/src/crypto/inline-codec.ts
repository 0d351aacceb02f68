import { builtInTransforms } from "./built-in-transforms.ts";
import type { Codec, CodecKeys } from "./codec.ts";
import { createCodecWork } from "./codec-work.ts";
import type { Transforms } from "./transforms.ts";

/** Works on the calling thread: for tests, and for what is too small for threads. */
export function createInlineCodec(keys: CodecKeys, transforms: Transforms = builtInTransforms): Codec {
  const work = createCodecWork(keys, transforms);
  return {
    parallelism: 1,
    identify: async (order) => work.identify(order),
    seal: async (order) => work.seal(order),
    open: async (order) => work.open(order),
    async [Symbol.asyncDispose]() {},
  };
}
