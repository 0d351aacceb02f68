import { randomBytes } from "node:crypto";
import { z } from "zod";
import { resourceNotFound } from "../../arm/arm-errors.ts";
import { readRequest, tagsSchema } from "../../arm/body-check.ts";
import { requireLocation } from "../../arm/location-check.ts";
import { type ArmCall, ArmError, type ArmReply, presentResource, type StampServices } from "../../arm/provider.ts";
import type { ArmResource } from "../../arm/resource.ts";
import { findAccount, keysOf, storageAccountType } from "./storage-accounts.ts";

const skuNames = ["Standard_LRS", "Premium_LRS"] as const;

const accountBody = z.object({
  location: z.string().optional(),
  kind: z.string().optional(),
  sku: z.object({ name: z.string() }).optional(),
  tags: tagsSchema,
  properties: z.record(z.string(), z.unknown()).optional(),
});
const regenerateBody = z.object({ keyName: z.enum(["key1", "key2"]) });

/** Properties of newer or public clouds that the hub's storage accounts do not have. */
const unknownProperties = [
  "networkAcls",
  "accessTier",
  "customDomain",
  "isHnsEnabled",
  "azureFilesIdentityBasedAuthentication",
];

const newKey = (): string => randomBytes(64).toString("base64");

export function requireAccountName(name: string): void {
  if (/^[a-z0-9]{3,24}$/.test(name)) return;
  throw new ArmError(
    400,
    "AccountNameInvalid",
    `${name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.`,
  );
}

function requireSku(name: string | undefined): { readonly name: string; readonly tier: string } {
  const sku = skuNames.find((one) => one === name);
  if (sku !== undefined) return { name: sku, tier: sku === "Premium_LRS" ? "Premium" : "Standard" };
  throw new ArmError(
    400,
    "InvalidAccountType",
    `The AccountType ${name ?? ""} is invalid. For more information, see - https://aka.ms/storageaccountskus`,
  );
}

function requireKnownProperties(properties: Readonly<Record<string, unknown>>): void {
  const unknown = unknownProperties.find((name) => properties[name] !== undefined && properties[name] !== null);
  if (unknown === undefined) return;
  throw new ArmError(400, "InvalidRequestPropertyName", `The property '${unknown}' is not supported on this stamp.`);
}

function endpoints(name: string, stamp: StampServices): Record<string, string> {
  const of = (service: string): string => `https://${name}.${service}.${stamp.domain}:${stamp.port}/`;
  return { blob: of("blob"), queue: of("queue"), table: of("table") };
}

/** Ports may change between runs, so that endpoints are made when they are shown. */
function present(account: ArmResource, stamp: StampServices): Record<string, unknown> {
  const shown = presentResource(account);
  return { ...shown, properties: { ...account.properties, primaryEndpoints: endpoints(account.name, stamp) } };
}

function requireAccount(call: ArmCall, stamp: StampServices): ArmResource {
  const account = stamp.resources.get(call.id);
  if (account !== undefined) return account;
  throw resourceNotFound(storageAccountType, call.name ?? "", call.resourceGroup);
}

export async function putAccount(call: ArmCall, stamp: StampServices): Promise<ArmReply> {
  const name = call.name ?? "";
  requireAccountName(name);
  const body = readRequest(accountBody, call.body);
  const location = requireLocation(body.location, storageAccountType, stamp.location);
  const sku = requireSku(body.sku?.name);
  requireKnownProperties(body.properties ?? {});
  const taken = findAccount(stamp.resources, name);
  if (taken !== undefined && taken.id.toLowerCase() !== call.id.toLowerCase()) {
    throw new ArmError(409, "StorageAccountAlreadyTaken", `The storage account named ${name} is already taken.`);
  }
  if (taken === undefined) stamp.requireQuota(call.subscriptionId, { StorageAccounts: 1 });
  const isHttpsOnly = body.properties?.["supportsHttpsTrafficOnly"] ?? taken?.properties["supportsHttpsTrafficOnly"];
  await stamp.resources.put({
    id: call.id,
    name,
    type: storageAccountType,
    location,
    kind: body.kind ?? "Storage",
    sku,
    ...(body.tags ? { tags: body.tags } : {}),
    properties: {
      provisioningState: "Succeeded",
      creationTime: taken?.properties["creationTime"] ?? new Date(stamp.now()).toISOString(),
      primaryLocation: location,
      statusOfPrimary: "available",
      supportsHttpsTrafficOnly: isHttpsOnly === true,
      encryption: {
        services: { blob: { enabled: true, keyType: "Account" } },
        keySource: "Microsoft.Storage",
      },
    },
    hidden: taken?.hidden ?? { keys: [newKey(), newKey()] },
  });
  return { status: 200, body: present(requireAccount(call, stamp), stamp) };
}

export async function patchAccount(call: ArmCall, stamp: StampServices): Promise<ArmReply> {
  const account = requireAccount(call, stamp);
  const body = readRequest(accountBody, call.body);
  requireKnownProperties(body.properties ?? {});
  const isHttpsOnly = body.properties?.["supportsHttpsTrafficOnly"];
  await stamp.resources.put({
    ...account,
    ...(body.sku === undefined ? {} : { sku: requireSku(body.sku.name) }),
    ...(body.tags ? { tags: body.tags } : {}),
    properties: {
      ...account.properties,
      ...(typeof isHttpsOnly === "boolean" ? { supportsHttpsTrafficOnly: isHttpsOnly } : {}),
    },
  });
  return { status: 200, body: present(requireAccount(call, stamp), stamp) };
}

export async function getAccount(call: ArmCall, stamp: StampServices): Promise<ArmReply> {
  return { status: 200, body: present(requireAccount(call, stamp), stamp) };
}

export async function listAccounts(call: ArmCall, stamp: StampServices): Promise<readonly unknown[]> {
  return stamp.resources.list(storageAccountType, call.id).map((account) => present(account, stamp));
}

export async function deleteAccount(call: ArmCall, stamp: StampServices): Promise<ArmReply> {
  if (stamp.resources.get(call.id) === undefined) return { status: 204 };
  await stamp.resources.delete(call.id);
  return { status: 200 };
}

function keyList(keys: readonly [string, string]): ArmReply {
  const shown = keys.map((value, index) => ({ keyName: `key${index + 1}`, value, permissions: "Full" }));
  return { status: 200, body: { keys: shown } };
}

export async function listKeys(call: ArmCall, stamp: StampServices): Promise<ArmReply> {
  return keyList(keysOf(requireAccount(call, stamp)));
}

export async function regenerateKey(call: ArmCall, stamp: StampServices): Promise<ArmReply> {
  const account = requireAccount(call, stamp);
  const { keyName } = readRequest(regenerateBody, call.body);
  const [first, second] = keysOf(account);
  const keys: [string, string] = keyName === "key1" ? [newKey(), second] : [first, newKey()];
  await stamp.resources.put({ ...account, hidden: { ...account.hidden, keys } });
  return keyList(keys);
}
