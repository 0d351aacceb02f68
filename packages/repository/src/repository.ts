import { availableParallelism } from "node:os";
import { HoldfastError, hasErrorCode } from "@holdfast/kernel";
import type { Clock, Random, Secret } from "@holdfast/kernel";
import type { BlobStore } from "./blob-store/blob-store.ts";
import { createIndexCache } from "./chunk-index/index-cache.ts";
import { openChunkStore } from "./chunk-store.ts";
import { decodeConfig, makeConfig, unlock } from "./config.ts";
import type { Key } from "./config.ts";
import { createPooledCodec } from "./crypto/pooled-codec.ts";
import { formatRecoveryCode } from "./crypto/recovery-code.ts";
import { deriveKey } from "./crypto/sealing.ts";
import { damaged } from "./failure.ts";
import { maxConfigBytes } from "./format/limits.ts";
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
 * left. Raises `repository.store.exists` where the store has a repository.
 */
export async function createRepository(
  store: BlobStore,
  options: RepositoryServices & {
    readonly passphrase: Secret;
    readonly keepKit?: (made: MadeRepository) => Promise<void>;
  },
): Promise<MadeRepository> {
  const { random, passphrase } = options;
  const id = random.uuid();
  const recovery = random.bytes(32);
  const config = await makeConfig({ id, master: random.bytes(32), passphrase, recovery }, random);
  const code = formatRecoveryCode(recovery);
  const made = { id, recoveryKit: kitText(id, code), lastGroup: code.split("-").at(-1)! };
  await options.keepKit?.(made);
  await store.put("config", Buffer.from(JSON.stringify(config)), signalOf(options));
  return made;
}

export interface OpenOptions extends RepositoryServices {
  /** A folder of this machine for the indexes of large repositories; without it they are read whole each time. */
  readonly cacheFolder?: string;
}

/** Opens a repository with its passphrase or the code of its kit, and reads its index. */
export async function openRepository(store: BlobStore, options: OpenOptions & Key) {
  const size = await store.size("config", signalOf(options));
  if (size === null) {
    throw new HoldfastError({
      code: "repository.config.missing",
      message: "there is no repository here",
      advice: "Check the location, or make a repository there first.",
    });
  }
  if (size > maxConfigBytes) throw damaged("repository.config.damaged", "config", "the object is too large");
  const bytes = await store.get("config", undefined, signalOf(options)).catch((error: unknown) => {
    if (hasErrorCode(error, "repository.store.short"))
      throw damaged("repository.config.damaged", "config", "the object is cut off", error);
    throw error;
  });
  const config = decodeConfig(bytes);
  const master = await unlock(config, options);
  const idKey = deriveKey(master, Buffer.from(config.id), "holdfast/1/id");
  const keys = { repositoryId: config.id, master, idKey };
  const { random, cacheFolder } = options;
  const cache = cacheFolder === undefined ? {} : { cache: createIndexCache({ folder: cacheFolder, random }, keys) };
  const codec = createPooledCodec(keys, { size: Math.min(availableParallelism(), maxThreads) });
  const chunks = await openChunkStore({ store, keys, random, codec, ...cache }, signalOf(options));
  return createPointStore({ store, keys, chunks, random });
}

function signalOf(options: RepositoryServices): { signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}

function kitText(id: string, code: string): string {
  return `HOLDFAST RECOVERY KIT

Repository: ${id}
Code:       ${code}

This code opens the repository without its passphrase. Print this page and keep it in a safe place, apart from the
repository. Whoever has the code and the repository can read every disk in it. Capitals, blanks and dashes do not matter.
`;
}
