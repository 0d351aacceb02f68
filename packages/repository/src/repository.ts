import { availableParallelism } from "node:os";
import { hasErrorCode } from "@holdfast/kernel";
import type { Clock, Random, Secret } from "@holdfast/kernel";
import type { BlobStore } from "./blob-store/blob-store.ts";
import { objectExists } from "./blob-store/blob-store.ts";
import { createIndexCache } from "./chunk-index/index-cache.ts";
import { openChunkStore } from "./chunk-store.ts";
import { encodeConfig, findConfig, hasRepository } from "./config.ts";
import { createPooledCodec } from "./crypto/pooled-codec.ts";
import { deriveKey } from "./crypto/sealing.ts";
import { chooseKdf } from "./keys/key-kdf.ts";
import type { KdfName } from "./keys/key-kdf.ts";
import { keySlotName } from "./keys/key-slot.ts";
import { newPassphraseSlot, newRecoverySlot } from "./keys/new-key-slots.ts";
import { unlock } from "./keys/unlock.ts";
import type { Key } from "./keys/unlock.ts";
import { createPointStore } from "./point-store.ts";

/** Four threads are faster than the stores and links of the field; each costs memory. */
const maxThreads = 4;

export interface RepositoryServices {
  readonly random: Random;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

export interface MadeRepository {
  readonly id: string;
  /** Text to print and keep: it opens the repository without the passphrase. */
  readonly recoveryKit: string;
  /** Last group of the kit's code: who can type it has the kit before them. */
  readonly lastGroup: string;
}

/**
 * Makes a repository in an empty store. `keepKit` runs before the repository becomes usable; where it throws, nothing is
 * left. The key slots are there before the config that makes the store a repository. Raises `repository.store.exists` where
 * the store has a repository.
 */
export async function createRepository(
  store: BlobStore,
  options: RepositoryServices & {
    readonly passphrase: Secret;
    readonly kdf?: KdfName;
    readonly keepKit?: (made: MadeRepository) => Promise<void>;
  },
): Promise<MadeRepository> {
  const { random, clock, passphrase } = options;
  const call = signalOf(options);
  const id = random.uuid();
  const parts = { repositoryId: id, master: random.bytes(32), random, clock };
  const kdf = chooseKdf(options.kdf);
  const { slot, ...kit } = newRecoverySlot(parts, { label: "recovery kit" });
  const slots = [slot, await newPassphraseSlot(parts, { passphrase, label: "passphrase", kdf })];
  const made = { id, ...kit };
  await options.keepKit?.(made);
  if (await hasRepository(store, call)) throw objectExists("config");
  for (const { id: slotId, bytes } of slots) await store.put(keySlotName(slotId), bytes, call);
  try {
    await store.put("config", encodeConfig(id), call);
  } catch (error) {
    if (!hasErrorCode(error, "repository.store.exists")) throw error;
    // An earlier try may have reached the store before its answer was lost.
    if ((await findConfig(store, call)).id === id) return made;
    // Another made a repository here at the same time: these slots open nothing.
    for (const { id: slotId } of slots) await store.delete(keySlotName(slotId));
    throw error;
  }
  return made;
}

export interface OpenOptions extends RepositoryServices {
  /** A folder of this machine for the indexes of large repositories; without it they are read whole each time. */
  readonly cacheFolder?: string;
  /** Threads that work on data, at most; each costs memory. */
  readonly threads?: number;
}

/** Opens a repository by one of its keys, and reads its index. */
export async function openRepository(store: BlobStore, options: OpenOptions & Key) {
  const call = signalOf(options);
  const { master, repositoryId } = await unlock(store, options, call);
  const idKey = deriveKey(master, Buffer.from(repositoryId), "holdfast/1/id");
  const keys = { repositoryId, master, idKey };
  const { random, clock, cacheFolder } = options;
  const cache = cacheFolder === undefined ? {} : { cache: createIndexCache({ folder: cacheFolder, random }, keys) };
  const codec = createPooledCodec(keys, {
    size: Math.min(availableParallelism(), options.threads ?? maxThreads, maxThreads),
  });
  const chunks = await openChunkStore({ store, keys, random, codec, ...cache }, call);
  return createPointStore({ store, keys, chunks, random, clock, hasConfig: true });
}

function signalOf(options: RepositoryServices): { signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}
