import type { ArmResource, ResourceStore } from "../../arm/resource.ts";

export const storageAccountType = "Microsoft.Storage/storageAccounts";

/** What the blob plane must know of an account. */
export interface StorageAccount {
  readonly name: string;
  readonly id: string;
  /** Base64, the two that sign: shared key and SAS. */
  readonly keys: readonly [string, string];
  readonly stampName: string;
  readonly requiresHttps: boolean;
}

/** The tenant storage accounts of one stamp, by name. */
export interface StorageAccounts {
  find(accountName: string): StorageAccount | undefined;
}

export function keysOf(resource: ArmResource): readonly [string, string] {
  const keys = resource.hidden?.["keys"];
  if (!Array.isArray(keys) || keys.length !== 2) throw new Error(`storage account ${resource.name} has no keys`);
  return [String(keys[0]), String(keys[1])];
}

export function findAccount(resources: ResourceStore, accountName: string): ArmResource | undefined {
  return resources.list(storageAccountType, "").find((account) => account.name === accountName);
}

export function createStorageAccounts(resources: ResourceStore, stampName: string): StorageAccounts {
  return {
    find: (accountName) => {
      const account = findAccount(resources, accountName);
      if (account === undefined) return undefined;
      return {
        name: account.name,
        id: account.id,
        keys: keysOf(account),
        stampName,
        requiresHttps: account.properties["supportsHttpsTrafficOnly"] === true,
      };
    },
  };
}
