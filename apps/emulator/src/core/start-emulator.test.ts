import { describe, expect, test } from "vitest";
import { createStampClient, send, signIn } from "../testing/stamp-client.ts";
import { startEmulator } from "./start-emulator.ts";

const quick = { operationScale: 0, retryAfterSeconds: 0 };

describe("startEmulator", () => {
  test("serves two stamps whose tokens are not good for each other", async () => {
    await using emulator = await startEmulator();
    const ca = emulator.caCertificate;
    const [east, west] = [emulator.stamp("east"), emulator.stamp("west")];
    const client = await createStampClient(east, ca);

    const subscriptions = await client.arm("GET", "/subscriptions", "2016-06-01");
    expect(subscriptions.body.value.map((one: { subscriptionId: string }) => one.subscriptionId)).toEqual([
      east.subscriptionId,
    ]);

    const foreign = await send(`${west.armUrl}/subscriptions?api-version=2016-06-01`, ca, {
      headers: { authorization: `Bearer ${client.token}` },
    });
    expect(foreign.status).toBe(401);
    expect(foreign.headers["www-authenticate"]).toContain(`authorization_uri="${west.armUrl}/adfs"`);
  });

  test("refuses a wrong secret as AD FS does", async () => {
    await using emulator = await startEmulator({ stamps: [{ name: "east" }] });
    const east = emulator.stamp("east");
    const reply = await signIn(east, emulator.caCertificate, { clientId: east.clientId, clientSecret: "wrong" });
    expect([reply.status, reply.body.error]).toEqual([401, "invalid_client"]);
  });

  test("deletes a resource group as a long-running operation", async () => {
    await using emulator = await startEmulator({ stamps: [{ name: "east", ...quick }] });
    const east = emulator.stamp("east");
    const client = await createStampClient(east, emulator.caCertificate);
    const group = `/subscriptions/${east.subscriptionId}/resourcegroups/rg1`;

    const created = await client.arm("PUT", group, "2019-10-01", { location: "east", tags: { a: "b" } });
    expect([created.status, created.body.properties.provisioningState]).toEqual([201, "Succeeded"]);
    const deleted = await client.arm("DELETE", group, "2019-10-01");
    expect(deleted.status).toBe(202);
    expect((await client.settle(deleted)).status).toBe(200);
    expect((await client.arm("HEAD", group, "2019-10-01")).status).toBe(404);
  });
});
