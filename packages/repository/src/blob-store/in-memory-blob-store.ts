import type { ByteRange } from "@holdfast/kernel";
import { objectExists, objectMissing, objectShort, refuseTooLarge } from "./blob-store.ts";
import { checkObjectName } from "./object-name.ts";
import type { BlobOptions, BlobStore, GetOptions } from "./blob-store.ts";

/** Keeps objects in memory, for tests. `objects` may be changed to damage the store. */
export class InMemoryBlobStore implements BlobStore {
  readonly objects = new Map<string, Uint8Array>();

  async put(name: string, bytes: Uint8Array, options?: BlobOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    checkObjectName(name);
    if (this.objects.has(name)) throw objectExists(name);
    this.objects.set(name, Uint8Array.from(bytes));
  }

  async get(name: string, range?: ByteRange, options: GetOptions = {}): Promise<Uint8Array> {
    options.signal?.throwIfAborted();
    const bytes = this.objects.get(name);
    if (bytes === undefined) throw objectMissing(name);
    if (range === undefined) refuseTooLarge(name, bytes.length, options);
    if (range !== undefined && range.end > bytes.length) throw objectShort(name);
    return bytes.slice(range?.start ?? 0, range?.end ?? bytes.length);
  }

  async size(name: string, options?: BlobOptions): Promise<number | null> {
    options?.signal?.throwIfAborted();
    return this.objects.get(name)?.length ?? null;
  }

  async *list(prefix: string, options?: BlobOptions): AsyncIterable<string> {
    options?.signal?.throwIfAborted();
    yield* [...this.objects.keys()].filter((name) => name.startsWith(prefix)).sort();
  }

  async delete(name: string, options?: BlobOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    this.objects.delete(name);
  }
}
