import { describe, expect, test } from "vitest";
import { addPrincipal } from "../core/service-principals.ts";
import { startArmFixture } from "../testing/arm-fixture.ts";
import { createStampClient, send } from "../testing/stamp-client.ts";

const vnetBody = { location: "east", properties: { addressSpace: { addressPrefixes: ["10.0.0.0/16"] } } };

describe("versions and types", () => {
  test("are refused in the platform's words when the stamp does not have them", async () => {
    await using fixture = await startArmFixture({ unregisteredNamespaces: ["Microsoft.Storage"] });
    const { client, group, stamp } = fixture;
    const subscription = `/subscriptions/${stamp.subscriptionId}`;
    const ask = async (path: string, version: string): Promise<unknown[]> => {
      const reply = await client.arm("GET", path, version);
      return [reply.status, reply.body.error?.code];
    };
    expect(await ask(`${subscription}/providers/Microsoft.Network/virtualNetworks`, "2022-07-01")).toEqual([
      400,
      "NoRegisteredProviderFound",
    ]);
    expect(await ask(`${group}/providers/Microsoft.Network/bastionHosts/b`, "2018-11-01")).toEqual([
      404,
      "InvalidResourceType",
    ]);
    expect(await ask(`${group}/providers/Microsoft.Nothing/things/b`, "2018-11-01")).toEqual([
      404,
      "InvalidResourceNamespace",
    ]);
    expect(await ask(group, "2021-04-01")).toEqual([400, "InvalidApiVersionParameter"]);
    expect(await ask(`${group}2/providers/Microsoft.Network/virtualNetworks/v`, "2018-11-01")).toEqual([
      404,
      "ResourceGroupNotFound",
    ]);
    expect(await ask("/subscriptions/00000000-0000-0000-0000-000000000000", "2016-06-01")).toEqual([
      404,
      "SubscriptionNotFound",
    ]);
    expect(await ask(`${subscription}/providers/Microsoft.Storage/storageAccounts`, "2019-06-01")).toEqual([
      409,
      "MissingSubscriptionRegistration",
    ]);

    const registered = await client.arm("POST", `${subscription}/providers/Microsoft.Storage/register`, "2019-10-01");
    expect(registered.body.registrationState).toBe("Registered");
    expect(await ask(`${subscription}/providers/Microsoft.Storage/storageAccounts`, "2019-06-01")).toEqual([
      200,
      undefined,
    ]);
  });

  test("paths are taken in any case and with doubled slashes; ids come out in the platform's spelling", async () => {
    await using fixture = await startArmFixture();
    const { client, group } = fixture;
    await client.arm("PUT", `${group}/providers/Microsoft.Network/virtualNetworks/v1`, "2018-11-01", vnetBody);
    const odd = `/${group.toUpperCase()}//providers/microsoft.network//VIRTUALNETWORKS/V1`;
    const reply = await client.arm("GET", odd, "2018-11-01");
    expect([reply.status, reply.body.id]).toEqual([200, `${group}/providers/Microsoft.Network/virtualNetworks/v1`]);
  });

  test("a body that is no JSON is refused", async () => {
    await using fixture = await startArmFixture();
    const { client, group, stamp, ca } = fixture;
    const reply = await send(`${stamp.armUrl}${group}?api-version=2019-10-01`, ca, {
      method: "PUT",
      headers: { authorization: `Bearer ${client.token}` },
      body: "{",
    });
    expect([reply.status, reply.body.error.code]).toEqual([400, "InvalidRequestContent"]);
    expect(reply.headers["x-ms-request-id"]).toBeDefined();
  });
});

test("lists come page by page, each item once, also while the list changes", async () => {
  await using fixture = await startArmFixture({ pageSize: 2 });
  const { client, group, ca } = fixture;
  const names = ["a", "b", "c", "d", "e"];
  const id = (name: string): string => `${group}/providers/Microsoft.Network/virtualNetworks/${name}`;
  for (const name of names) await client.arm("PUT", id(name), "2018-11-01", vnetBody);
  const seen: string[] = [];
  let reply = await client.arm("GET", `${group}/providers/Microsoft.Network/virtualNetworks`, "2018-11-01");
  for (;;) {
    seen.push(...reply.body.value.map((one: { name: string }) => one.name));
    if (seen.length === 2) await client.arm("DELETE", id("b"), "2018-11-01");
    if (reply.body.nextLink === undefined) break;
    reply = await send(reply.body.nextLink, ca, { headers: { authorization: `Bearer ${client.token}` } });
  }
  expect(seen).toEqual(names);
});

describe("roles", () => {
  test("let a Reader read and not write, and name client, action and scope in the refusal", async () => {
    await using fixture = await startArmFixture();
    const { emulator, stamp, ca, group, client } = fixture;
    const secret = "reader-secret";
    const { clientId, objectId } = await addPrincipal(stamp.stamp.core, {
      displayName: "reader",
      secret,
      role: "Reader",
    });
    const reader = await createStampClient(stamp, ca, { clientId, clientSecret: secret });
    const id = `${group}/providers/Microsoft.Network/virtualNetworks/v1`;
    expect((await reader.arm("GET", group, "2019-10-01")).status).toBe(200);
    const refused = await reader.arm("PUT", id, "2018-11-01", vnetBody);
    expect([refused.status, refused.body.error.code]).toEqual([403, "AuthorizationFailed"]);
    expect(refused.body.error.message).toBe(
      `The client '${clientId}' with object id '${objectId}' does not have authorization to perform action 'Microsoft.Network/virtualNetworks/write' over scope '${id}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    );
    const account = `${group}/providers/Microsoft.Storage/storageAccounts/acct`;
    await client.arm("PUT", account, "2019-06-01", {
      location: "east",
      kind: "Storage",
      sku: { name: "Standard_LRS" },
    });
    expect((await reader.arm("POST", `${account}/listKeys`, "2019-06-01")).status).toBe(403);
    expect(emulator.stamps.length).toBe(1);
  });

  test("custom ones reach as far as their actions, notActions and scope", async () => {
    await using fixture = await startArmFixture();
    const { stamp, ca, group, client } = fixture;
    const secret = "custom-secret";
    const { clientId, objectId } = await addPrincipal(stamp.stamp.core, { displayName: "custom", secret });
    const roleId = `${group}/providers/Microsoft.Authorization/roleDefinitions/11111111-1111-1111-1111-111111111111`;
    const role = await client.arm("PUT", roleId, "2015-07-01", {
      properties: {
        roleName: "networker",
        assignableScopes: [group],
        permissions: [{ actions: ["Microsoft.Network/*"], notActions: ["Microsoft.Network/*/delete"] }],
      },
    });
    expect(role.status).toBe(201);
    const custom = await createStampClient(stamp, ca, { clientId, clientSecret: secret });
    expect((await custom.arm("GET", "/subscriptions", "2016-06-01")).body.value).toEqual([]);
    const assignment = `${group}/providers/Microsoft.Authorization/roleAssignments/22222222-2222-2222-2222-222222222222`;
    await client.arm("PUT", assignment, "2015-07-01", {
      properties: { roleDefinitionId: roleId, principalId: objectId },
    });

    const id = `${group}/providers/Microsoft.Network/virtualNetworks/v1`;
    expect((await custom.arm("PUT", id, "2018-11-01", vnetBody)).status).toBe(201);
    expect((await custom.arm("DELETE", id, "2018-11-01")).status).toBe(403);
    expect((await custom.arm("GET", group, "2019-10-01")).status).toBe(403);
    const all = `/subscriptions/${stamp.subscriptionId}/providers/Microsoft.Network/virtualNetworks`;
    expect((await custom.arm("GET", all, "2018-11-01")).body.value.length).toBe(1);
  });
});

describe("locks", () => {
  test("CanNotDelete on a group keeps what is in it, and the group", async () => {
    await using fixture = await startArmFixture();
    const { client, group } = fixture;
    const id = `${group}/providers/Microsoft.Network/virtualNetworks/v1`;
    await client.arm("PUT", id, "2018-11-01", vnetBody);
    const lock = `${group}/providers/Microsoft.Authorization/locks/keep`;
    await client.arm("PUT", lock, "2016-09-01", { properties: { level: "CanNotDelete" } });
    const refused = await client.arm("DELETE", id, "2018-11-01");
    expect([refused.status, refused.body.error.code]).toEqual([409, "ScopeLocked"]);
    expect((await client.arm("DELETE", group, "2019-10-01")).status).toBe(409);
    expect((await client.arm("PUT", id, "2018-11-01", vnetBody)).status).toBe(200);
    await client.arm("DELETE", lock, "2016-09-01");
    expect((await client.arm("DELETE", id, "2018-11-01")).status).toBe(200);
  });

  test("ReadOnly forbids writes and actions", async () => {
    await using fixture = await startArmFixture();
    const { client, group } = fixture;
    const account = `${group}/providers/Microsoft.Storage/storageAccounts/acct`;
    await client.arm("PUT", account, "2019-06-01", {
      location: "east",
      kind: "Storage",
      sku: { name: "Standard_LRS" },
    });
    const lock = `${account}/providers/Microsoft.Authorization/locks/frozen`;
    expect((await client.arm("PUT", lock, "2016-09-01", { properties: { level: "ReadOnly" } })).status).toBe(201);
    expect((await client.arm("POST", `${account}/listKeys`, "2019-06-01")).status).toBe(409);
    expect((await client.arm("GET", account, "2019-06-01")).status).toBe(200);
  });
});

test("tags are counted and filter the generic list", async () => {
  await using fixture = await startArmFixture();
  const { client, group, stamp } = fixture;
  const subscription = `/subscriptions/${stamp.subscriptionId}`;
  await client.arm("PUT", `${group}/providers/Microsoft.Network/virtualNetworks/v1`, "2018-11-01", {
    ...vnetBody,
    tags: { app: "crm" },
  });
  await client.arm("PUT", `${group}/providers/Microsoft.Network/virtualNetworks/v2`, "2018-11-01", vnetBody);
  const filter = encodeURIComponent("tagName eq 'app' and tagValue eq 'crm'");
  const found = await client.arm("GET", `${subscription}/resources?$filter=${filter}`, "2019-10-01");
  expect(found.body.value.map((one: { name: string }) => one.name)).toEqual(["v1"]);
  const tags = await client.arm("GET", `${subscription}/tagNames`, "2019-10-01");
  expect(tags.body.value[0]).toMatchObject({ tagName: "app", values: [{ tagValue: "crm" }] });
});
