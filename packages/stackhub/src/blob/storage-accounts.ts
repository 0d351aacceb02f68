import { type Clock, HoldfastError } from "@holdfast/kernel";
import { z } from "zod";
import type { ArmClient, SignalOption } from "../arm/arm-client.ts";
import { readWire } from "../arm/read-wire.ts";
import { type AccessLease, createAccessLease } from "./access-lease.ts";
import type { BlobClient } from "./blob-client.ts";
import { openedLength } from "./opened-length.ts";

const accountSchema = z.object({
  id: z.string(),
  name: z.string(),
  properties: z.object({ primaryEndpoints: z.object({ blob: z.string().nullish() }).nullish() }).nullish(),
});
const keysSchema = z.object({ keys: z.array(z.object({ value: z.string().min(1) })).min(1) });

export interface StorageAccount {
  readonly id: string;
  readonly name: string;
  /** With a slash at the end. */
  readonly blobEndpoint: string;
}

/** Storage accounts of the subscription and access to blobs in them by account key. */
export interface StorageAccounts {
  read(body: unknown): StorageAccount;
  /** Opens a blob or container by its address. Raises `stackhub.blob.unknown-account`. */
  lease(address: string, options?: SignalOption): Promise<AccessLease>;
  blobLength(address: string, options?: SignalOption): Promise<number>;
}

export interface StorageAccountsDeps {
  readonly arm: ArmClient;
  readonly blobs: BlobClient;
  readonly clock: Clock;
  readonly subscriptionId: string;
  readonly storageSuffix: string;
}

export function createStorageAccounts(deps: StorageAccountsDeps): StorageAccounts {
  const version = (): string => deps.arm.versionOf("Microsoft.Storage/storageAccounts");
  const idByName = new Map<string, string>();
  const keyByName = new Map<string, string>();

  const read = (body: unknown): StorageAccount => {
    const { id, name, properties } = accountSchema.parse(body);
    const stated = properties?.primaryEndpoints?.blob ?? `https://${name}.blob.${deps.storageSuffix}/`;
    return { id, name, blobEndpoint: stated.endsWith("/") ? stated : `${stated}/` };
  };
  const findId = async (name: string, options: SignalOption): Promise<string> => {
    if (!idByName.has(name)) {
      const path = `/subscriptions/${deps.subscriptionId}/providers/Microsoft.Storage/storageAccounts`;
      for (const item of await deps.arm.list(path, version(), options)) {
        const account = readWire(path, () => read(item));
        idByName.set(account.name, account.id);
      }
    }
    const id = idByName.get(name);
    if (id === undefined) throw unknownAccount(name, deps.subscriptionId);
    return id;
  };
  const fetchKey = async (name: string, options: SignalOption): Promise<string> => {
    const path = `${await findId(name, options)}/listKeys`;
    const answer = await deps.arm.send({ method: "POST", path, apiVersion: version(), isIdempotent: true }, options);
    const key = readWire(path, () => keysSchema.parse(answer.body)).keys[0]!.value;
    keyByName.set(name, key);
    return key;
  };
  const lease: StorageAccounts["lease"] = async (address, options = {}) => {
    const url = new URL(address);
    const name = url.hostname.split(".")[0]!;
    const grant = (keyBase64: string) => ({
      access: { url, account: { name, keyBase64 } },
      renewAtMs: Number.POSITIVE_INFINITY,
    });
    return createAccessLease(
      grant(keyByName.get(name) ?? (await fetchKey(name, options))),
      // Refused means that the account's keys were changed: they are read again.
      async () => grant(await fetchKey(name, {})),
      () => deps.clock.monotonicMs(),
    );
  };
  return {
    read,
    lease,
    blobLength: async (address, options = {}) => openedLength(deps, await lease(address, options), options.signal),
  };
}

function unknownAccount(name: string, subscriptionId: string): HoldfastError {
  return new HoldfastError({
    code: "stackhub.blob.unknown-account",
    message: `the storage account ${name} is not in the subscription ${subscriptionId}`,
    advice:
      "Give the identity read access to the storage account; unmanaged disks in another subscription cannot be read.",
    details: { account: name, subscriptionId },
  });
}
