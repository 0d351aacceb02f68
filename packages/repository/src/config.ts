import { HoldfastError, hasErrorCode } from "@holdfast/kernel";
import { z } from "zod";
import type { BlobOptions, BlobStore } from "./blob-store/blob-store.ts";
import { asDamage, damaged } from "./failure.ts";
import { maxConfigBytes } from "./format/limits.ts";

const configSchema = z.object({
  format: z.literal("holdfast-repository"),
  version: z.literal(1),
  id: z.uuid(),
});
/** What makes a store a repository. It holds no key: slots are objects of their own. */
export type Config = z.infer<typeof configSchema>;

export function encodeConfig(id: string): Uint8Array {
  const config: Config = { format: "holdfast-repository", version: 1, id };
  return Buffer.from(JSON.stringify(config));
}

/** Reads a config object; raises `repository.config.damaged` and `repository.config.other-version`. */
export function decodeConfig(bytes: Uint8Array): Config {
  try {
    const content: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    refuseOtherVersion(content);
    return configSchema.parse(content);
  } catch (error) {
    if (hasErrorCode(error, "repository.config.other-version")) throw error;
    throw damaged("repository.config.damaged", "config", "it is not what a repository begins with", error);
  }
}

/** A repository of a newer format must not be opened by guessing, as one with a damaged config is. */
function refuseOtherVersion(content: unknown): void {
  const parsed = z.object({ format: configSchema.shape.format, version: z.int() }).safeParse(content);
  if (!parsed.success || parsed.data.version === 1) return;
  throw new HoldfastError({
    code: "repository.config.other-version",
    message: `the repository has format version ${parsed.data.version}, and this program reads version 1`,
    advice: "Use a newer Holdfast.",
    details: { version: parsed.data.version },
  });
}

/** Reads the config of a store; raises `repository.config.missing` and what `decodeConfig` raises. */
async function readConfig(store: BlobStore, options?: BlobOptions): Promise<Config> {
  const size = await store.size("config", options);
  if (size === null) {
    throw new HoldfastError({
      code: "repository.config.missing",
      message: "there is no repository here",
      advice: "Check the location, or make a repository there first.",
    });
  }
  if (size > maxConfigBytes) throw damaged("repository.config.damaged", "config", "the object is too large");
  const bytes = await store.get("config", undefined, options).catch((error: unknown) => {
    const harm = asDamage(error, "config");
    throw harm === null ? error : damaged("repository.config.damaged", "config", "it cannot be read whole", error);
  });
  return decodeConfig(bytes);
}

/** What a config says, or why it says nothing although there is a repository: key slots name the repository too. */
export type FoundConfig =
  | { readonly id: string; readonly harm: null }
  | { readonly id: null; readonly harm: HoldfastError };

/** Reads the config; answers what is wrong with one that is damaged, or gone from a store that has points. */
export async function findConfig(store: BlobStore, options?: BlobOptions): Promise<FoundConfig> {
  try {
    return { id: (await readConfig(store, options)).id, harm: null };
  } catch (error) {
    if (hasErrorCode(error, "repository.config.damaged")) return { id: null, harm: error as HoldfastError };
    if (!hasErrorCode(error, "repository.config.missing")) throw error;
    for await (const _point of store.list("points/", options))
      return { id: null, harm: damaged("repository.config.damaged", "config", "it is gone", error) };
    throw error;
  }
}

/** Whether there is a repository in a store, be it one whose config is damaged or gone. */
export async function hasRepository(store: BlobStore, options?: BlobOptions): Promise<boolean> {
  try {
    await findConfig(store, options);
    return true;
  } catch (error) {
    if (hasErrorCode(error, "repository.config.missing")) return false;
    if (hasErrorCode(error, "repository.config.other-version")) return true;
    throw error;
  }
}

/** Answers what is wrong with the config of a repository that is open; null where nothing is. */
export async function checkConfig(
  store: BlobStore,
  repositoryId: string,
  options?: BlobOptions,
): Promise<HoldfastError | null> {
  const { id, harm } = await findConfig(store, options);
  if (harm !== null || id === repositoryId) return harm;
  return damaged("repository.config.damaged", "config", "it names another repository than the key slot that opened");
}
