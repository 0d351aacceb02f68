import { z } from "zod";
import { readRequest } from "../../arm/body-check.ts";
import {
  type ArmCall,
  ArmError,
  type ArmReply,
  type Provider,
  type QuotaCount,
  type StampServices,
} from "../../arm/provider.ts";
import { presentUsage } from "../../core/quota.ts";
import {
  deleteAccount,
  getAccount,
  listAccounts,
  listKeys,
  patchAccount,
  putAccount,
  regenerateKey,
  requireAccountName,
} from "./account-type.ts";
import { findAccount, storageAccountType } from "./storage-accounts.ts";

/** Accounts that a subscription may have, by the quota documentation of 2020. */
const accountLimit = 20;

/** Versions by build: 2018-02-01 came with 2008, 2019-06-01 with 2102. */
export function storageVersions(build: number): readonly string[] {
  const old = [
    "2015-05-01-preview",
    "2015-06-15",
    "2016-01-01",
    "2016-05-01",
    "2016-12-01",
    "2017-06-01",
    "2017-10-01",
  ];
  return [...(build >= 2102 ? ["2019-06-01"] : []), ...(build >= 2008 ? ["2018-02-01"] : []), ...old];
}

const nameBody = z.object({ name: z.string(), type: z.string().optional() });

async function checkName(call: ArmCall, stamp: StampServices): Promise<ArmReply> {
  const { name } = readRequest(nameBody, call.body);
  try {
    requireAccountName(name);
  } catch (error) {
    if (!(error instanceof ArmError)) throw error;
    return { status: 200, body: { nameAvailable: false, reason: "AccountNameInvalid", message: error.message } };
  }
  if (findAccount(stamp.resources, name) === undefined) return { status: 200, body: { nameAvailable: true } };
  const message = `The storage account named ${name} is already taken.`;
  return { status: 200, body: { nameAvailable: false, reason: "AlreadyExists", message } };
}

function usage(subscriptionId: string, stamp: StampServices): readonly QuotaCount[] {
  const current = stamp.resources.list(storageAccountType, `/subscriptions/${subscriptionId}`).length;
  return [{ name: "StorageAccounts", localizedName: "Storage Accounts", unit: "Count", current, limit: accountLimit }];
}

/** Microsoft.Storage, the control plane: accounts and their keys. The blobs themselves are the blob plane's. */
export function createStorageProvider(build: number, limits: Readonly<Record<string, number>> = {}): Provider {
  const apiVersions = storageVersions(build);
  const counts = (call: ArmCall, stamp: StampServices): unknown[] =>
    usage(call.subscriptionId, stamp).map((one) => presentUsage({ ...one, limit: limits[one.name] ?? one.limit }));
  return {
    namespace: "Microsoft.Storage",
    usage,
    types: [
      {
        type: storageAccountType,
        apiVersions,
        get: getAccount,
        list: listAccounts,
        put: putAccount,
        patch: patchAccount,
        delete: deleteAccount,
        actions: { listKeys, regenerateKey },
      },
      { type: "Microsoft.Storage/checkNameAvailability", apiVersions, actions: { checkNameAvailability: checkName } },
      { type: "Microsoft.Storage/usages", apiVersions, list: async (call, stamp) => counts(call, stamp) },
      { type: "Microsoft.Storage/locations/usages", apiVersions, list: async (call, stamp) => counts(call, stamp) },
    ],
  };
}
