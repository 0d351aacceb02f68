import { invariant } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";
import type { BlobOptions, BlobStore } from "./blob-store/blob-store.ts";
import type { RepositoryKeys } from "./chunk-store.ts";
import { sealObject } from "./crypto/sealed-object.ts";
import { encodeIndex } from "./format/index-object.ts";
import type { PackEntries } from "./format/index-object.ts";
import { maxIndexBytes, packsPerIndex } from "./format/limits.ts";
import { packName } from "./format/pack.ts";
import type { IndexSet } from "./chunk-index/index-set.ts";
import { packBytes } from "./open-pack.ts";
import type { OpenPack } from "./open-pack.ts";

export interface OutboxParts {
  readonly store: BlobStore;
  readonly keys: RepositoryKeys;
  readonly random: Random;
  readonly indexes: IndexSet;
  /** The writer that the index objects belong to: 8 bytes. */
  readonly writerId: string;
}

/** Puts packs and their indexes. After a failure nothing more is put: each later call raises it. */
export function createPackOutbox(parts: OutboxParts, bytes: { stored: number }, options?: BlobOptions) {
  const { store, keys, random, indexes } = parts;
  const underWay = new Set<Promise<void>>();
  let durable: PackEntries[] = [];
  let failure: { readonly error: unknown } | undefined;
  const check = (): void => {
    if (failure !== undefined) throw failure.error;
  };
  const writeIndex = async (): Promise<void> => {
    const packs = durable;
    durable = [];
    const name = `index/${parts.writerId}${Buffer.from(random.bytes(8)).toString("hex")}`;
    const sealed = sealObject(keys.master, name, random.bytes(16), encodeIndex(packs));
    invariant(sealed.length <= maxIndexBytes, "an index object is past its limit");
    await store.put(name, sealed, options);
    bytes.stored += sealed.length;
    indexes.remember(packs, name);
  };
  const put = async (pack: OpenPack): Promise<void> => {
    check();
    const whole = packBytes(keys.master, pack);
    await store.put(packName(pack.packId), whole, options);
    bytes.stored += whole.length;
    durable.push({ packId: pack.packId, entries: pack.entries });
    if (durable.length >= packsPerIndex) await writeIndex();
  };
  const settle = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all(underWay);
  };
  return {
    check,
    settle,
    fail(error: unknown): never {
      failure ??= { error };
      throw error;
    },
    send(pack: OpenPack, onSent: () => void): void {
      const sending = put(pack)
        .catch((error: unknown) => void (failure ??= { error }))
        .finally(() => {
          underWay.delete(sending);
          onSent();
        });
      underWay.add(sending);
    },
    async finish(): Promise<void> {
      await settle();
      check();
      if (durable.length > 0) await writeIndex();
    },
  };
}

export type PackOutbox = ReturnType<typeof createPackOutbox>;
