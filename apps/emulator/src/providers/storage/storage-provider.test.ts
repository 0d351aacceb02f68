import { expect, test } from "vitest";
import { startEmulator } from "../../core/start-emulator.ts";
import { createStampClient } from "../../testing/stamp-client.ts";
import { createStorageAccounts } from "./storage-accounts.ts";

const version = "2019-06-01";

test("storage accounts hand out keys, renew one, and free their name when deleted", async () => {
  await using emulator = await startEmulator({ stamps: [{ name: "east", quotas: { StorageAccounts: 1 } }] });
  const east = emulator.stamp("east");
  const client = await createStampClient(east, emulator.caCertificate);
  const subscription = `/subscriptions/${east.subscriptionId}`;
  const group = `${subscription}/resourceGroups/rg1`;
  await client.arm("PUT", group, "2019-10-01", { location: "east" });
  const id = `${group}/providers/Microsoft.Storage/storageAccounts/acct1`;
  const body = { location: "east", kind: "Storage", sku: { name: "Standard_LRS" } };

  const made = await client.arm("PUT", id, version, body);
  expect([made.status, made.body.properties.primaryEndpoints.blob]).toEqual([
    200,
    `https://acct1.blob.east.ash.example:${east.port}/`,
  ]);
  expect(made.body.hidden).toBeUndefined();

  const before = await client.arm("POST", `${id}/listKeys`, version);
  const after = await client.arm("POST", `${id}/regenerateKey`, version, { keyName: "key2" });
  expect(after.body.keys[0]).toEqual(before.body.keys[0]);
  expect(after.body.keys[1]).not.toEqual(before.body.keys[1]);
  const accounts = createStorageAccounts(east.stamp.services.resources, "east");
  expect(accounts.find("acct1")?.keys[1]).toBe(after.body.keys[1].value);

  const second = await client.arm("PUT", id.replace("acct1", "acct2"), version, body);
  expect([second.status, second.body.error.code]).toEqual([409, "OperationNotAllowed"]);
  const check = `${subscription}/providers/Microsoft.Storage/checkNameAvailability`;
  expect(
    (await client.arm("POST", check, version, { name: "acct1", type: "Microsoft.Storage/storageAccounts" })).body
      .reason,
  ).toBe("AlreadyExists");
  expect((await client.arm("DELETE", id, version)).status).toBe(200);
  expect(
    (await client.arm("POST", check, version, { name: "acct1", type: "Microsoft.Storage/storageAccounts" })).body
      .nameAvailable,
  ).toBe(true);

  const refused = await client.arm("PUT", id, version, { ...body, sku: { name: "Standard_GRS" } });
  expect([refused.status, refused.body.error.code]).toEqual([400, "InvalidAccountType"]);
});
