import { HoldfastError } from "@holdfast/kernel";
import type { ByteRange } from "@holdfast/kernel";
import type { PageSink, PageSource } from "../ports/stamp.ts";
import type { FakeStampAbilities } from "./fake-stamp-objects.ts";
import type { PageImage } from "./page-image.ts";

/** The image behind an open source: changed ranges compare two of them. */
const images = new WeakMap<PageSource, PageImage>();

export function openFakeSource(
  image: PageImage,
  abilities: FakeStampAbilities,
  end: () => unknown,
): PageSource & AsyncDisposable {
  const source: PageSource & AsyncDisposable = {
    contentBytes: image.contentBytes,
    async *listAllocated(): AsyncGenerator<ByteRange> {
      yield* image.allocated();
    },
    async *listChanged(since) {
      const older = images.get(since);
      if (!abilities.changedRanges || older === undefined) {
        throw new HoldfastError({ code: "stackhub.blob.changes-refused", message: "refused", advice: "Read all." });
      }
      yield* image.changedSince(older);
    },
    async read(range, options) {
      options?.signal?.throwIfAborted();
      return image.read(range);
    },
    async [Symbol.asyncDispose]() {
      end();
    },
  };
  images.set(source, image);
  return source;
}

export function openFakeSink(uri: string, image: PageImage): PageSink {
  return {
    uri,
    async write(offsetBytes, data, options) {
      options?.signal?.throwIfAborted();
      if (offsetBytes % 512 !== 0 || data.length % 512 !== 0 || data.length > 4 * 1024 ** 2) {
        throw new Error(`a page write of ${data.length} at ${offsetBytes} is refused`);
      }
      image.write(offsetBytes, data);
    },
  };
}
