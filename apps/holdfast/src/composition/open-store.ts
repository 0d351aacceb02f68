import { readFile } from "node:fs/promises";
import { createAzureBlobStore, createFileBlobStore } from "@holdfast/repository";
import type { AzureCredential, BlobStore } from "@holdfast/repository";
import { HoldfastError } from "@holdfast/kernel";
import type { Random, Secret } from "@holdfast/kernel";
import { readSecretFile } from "../cli/secret-file.ts";
import type { ServiceOptions, Services } from "./services.ts";

interface StoreNeeds {
  readonly random: Random;
  readonly environment: Services["environment"];
}

/**
 * Opens the store at a location: a folder, or the address of a container. The key of a container is in the file that
 * `HOLDFAST_STORE_KEY_FILE` names, and an authority of its own in that of `HOLDFAST_STORE_CA_FILE`.
 */
export async function openStore(
  location: string,
  { random, environment }: StoreNeeds,
  { warn }: ServiceOptions,
): Promise<BlobStore> {
  if (!location.includes("://")) return createFileBlobStore(location, random);
  if (!/^https?:/.test(location)) throw unsupported(location);
  const keyFile = environment["HOLDFAST_STORE_KEY_FILE"] ?? "";
  if (keyFile === "")
    throw new HoldfastError({
      code: "cli.store.no-key",
      message: `the key of ${withoutQuery(location)} is not named`,
      advice: "Put the account key or a SAS in a file, and name it by HOLDFAST_STORE_KEY_FILE.",
      details: { location: withoutQuery(location) },
    });
  const key = await readSecretFile(keyFile, "the key of the repository's store", { note: warn });
  const caFile = environment["HOLDFAST_STORE_CA_FILE"] ?? "";
  return createAzureBlobStore(location, credentialOf(key), {
    random,
    ...(caFile === "" ? {} : { caPem: await readCa(caFile) }),
  });
}

/** A shared access signature has `sig=` in it, which base64 of an account key cannot have. */
function credentialOf(key: Secret): AzureCredential {
  return key.reveal().includes("sig=") ? { kind: "sas", token: key } : { kind: "account-key", key };
}

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new HoldfastError({
      code: "cli.store.ca-unreadable",
      message: `the file ${path} with the certificate authority of the repository's store cannot be read`,
      advice: "Check the path that HOLDFAST_STORE_CA_FILE names.",
      details: { path },
      cause: error,
    });
  }
}

function unsupported(location: string): HoldfastError {
  const shown = withoutQuery(location);
  return new HoldfastError({
    code: "cli.repository.unsupported",
    message: `${shown} is neither a folder nor the address of a container`,
    advice: "Name a folder, or a container as https://<account>.blob.<suffix>/<container>.",
    details: { location: shown },
  });
}

/** What follows a question mark may be a signature. */
function withoutQuery(location: string): string {
  return location.replace(/\?.*$/s, "");
}
