import { HoldfastError, hasErrorCode } from "@holdfast/kernel";
import { z } from "zod";
import type { BlobOptions, BlobStore } from "./blob-store/blob-store.ts";
import { damaged } from "./failure.ts";
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

/** Reads a config object; raises `repository.config.damaged`. */
export function decodeConfig(bytes: Uint8Array): Config {
  try {
    return configSchema.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch (error) {
    throw damaged(
      "repository.config.damaged",
      "config",
      "not a repository of a version that this program reads",
      error,
    );
  }
}

/** Reads the config of a store; raises `repository.config.missing` and `repository.config.damaged`. */
export async function readConfig(store: BlobStore, options?: BlobOptions): Promise<Config> {
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
    if (hasErrorCode(error, "repository.store.short"))
      throw damaged("repository.config.damaged", "config", "the object is cut off", error);
    throw error;
  });
  return decodeConfig(bytes);
}
