import { readFile } from "node:fs/promises";
import {
  createAppendOnlyStore,
  createAzureBlobStore,
  createFileBlobStore,
  createS3BlobStore,
} from "@holdfast/repository";
import type { AzureCredential, BlobStore } from "@holdfast/repository";
import { HoldfastError } from "@holdfast/kernel";
import type { Clock, Random, Secret } from "@holdfast/kernel";
import { readSecretFile } from "../cli/secret-file.ts";
import { readS3Credential } from "./s3-credential.ts";
import type { ServiceOptions, Services } from "./services.ts";

interface StoreNeeds {
  readonly random: Random;
  readonly clock: Clock;
  readonly environment: Services["environment"];
}

/**
 * Opens the store at a location: a folder, the address of a container, or a bucket. The key of a container or bucket is in
 * the file that `HOLDFAST_STORE_KEY_FILE` names, and an authority of its own in that of `HOLDFAST_STORE_CA_FILE`.
 */
export async function openStore(
  location: string,
  { random, clock, environment }: StoreNeeds,
  { warn }: ServiceOptions,
): Promise<BlobStore> {
  if (!location.includes("://")) return createFileBlobStore(location, random);
  const caFile = environment["HOLDFAST_STORE_CA_FILE"] ?? "";
  const trust = caFile === "" ? {} : { caPem: await readCa(caFile) };
  if (location.startsWith("s3://"))
    return createS3BlobStore(location, await readS3Credential(environment, warn), { random, clock, warn, ...trust });
  const isAppendOnly = /^holdfast\+https?:/.test(location);
  if (!isAppendOnly && !/^https?:/.test(location)) throw unsupported(location);
  const keyFile = environment["HOLDFAST_STORE_KEY_FILE"] ?? "";
  if (keyFile === "")
    throw new HoldfastError({
      code: "cli.store.no-key",
      message: `the key of ${withoutQuery(location)} is not named`,
      advice: "Put the account key, the SAS or the access token in a file, and name it by HOLDFAST_STORE_KEY_FILE.",
      details: { location: withoutQuery(location) },
    });
  const key = await readSecretFile(keyFile, "the key of the repository's store", { note: warn });
  if (isAppendOnly) return createAppendOnlyStore({ url: location.slice("holdfast+".length), token: key, ...trust });
  return createAzureBlobStore(location, credentialOf(key), { random, ...trust });
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
    message: `${shown} is neither a folder nor the address of a container or bucket`,
    advice:
      "Name a folder, https://<account>.blob.<suffix>/<container>, s3://<bucket>, or holdfast+https://<host>:<port>.",
    details: { location: shown },
  });
}

/** What follows a question mark may be a signature. */
function withoutQuery(location: string): string {
  return location.replace(/\?.*$/s, "");
}
