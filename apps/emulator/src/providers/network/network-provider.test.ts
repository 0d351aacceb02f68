import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Emulator, startEmulator } from "../../core/start-emulator.ts";
import { createStampClient, type StampClient } from "../../testing/stamp-client.ts";

const version = "2018-11-01";
let emulator: Emulator;
let client: StampClient;
let group: string;
const network = (path: string): string => `${group}/providers/Microsoft.Network/${path}`;

beforeAll(async () => {
  emulator = await startEmulator({
    stamps: [{ name: "east", publicIpPoolSize: 2, operationScale: 0, retryAfterSeconds: 0 }],
  });
  const east = emulator.stamp("east");
  client = await createStampClient(east, emulator.caCertificate);
  group = `/subscriptions/${east.subscriptionId}/resourceGroups/net`;
  await client.arm("PUT", group, "2019-10-01", { location: "east" });
  const made = await client.arm("PUT", network("virtualNetworks/v1"), version, {
    location: "east",
    properties: {
      addressSpace: { addressPrefixes: ["10.1.0.0/16"] },
      subnets: [{ name: "s1", properties: { addressPrefix: "10.1.0.0/29" } }],
    },
  });
  expect(made.status).toBe(201);
});
afterAll(async () => emulator[Symbol.asyncDispose]());

const nic = (properties: Record<string, unknown>): unknown => ({
  location: "east",
  properties: {
    ipConfigurations: [
      { name: "c1", properties: { subnet: { id: network("virtualNetworks/v1/subnets/s1") }, ...properties } },
    ],
  },
});

describe("network interfaces", () => {
  test("get the lowest free address, keep it, and hold their subnet", async () => {
    const first = await client.arm("PUT", network("networkInterfaces/n1"), version, nic({}));
    expect([first.status, first.body.properties.ipConfigurations[0].properties.privateIPAddress]).toEqual([
      201,
      "10.1.0.4",
    ]);
    const again = await client.arm("PUT", network("networkInterfaces/n1"), version, nic({}));
    expect([again.status, again.body.properties.ipConfigurations[0].properties.privateIPAddress]).toEqual([
      200,
      "10.1.0.4",
    ]);

    const subnet = await client.arm("GET", network("virtualNetworks/v1/subnets/s1"), version);
    expect(subnet.body.properties.ipConfigurations).toEqual([
      { id: network("networkInterfaces/n1/ipConfigurations/c1") },
    ]);
    const deletion = await client.arm("DELETE", network("virtualNetworks/v1"), version);
    expect([deletion.status, deletion.body.error.code]).toEqual([400, "InUseSubnetCannotBeDeleted"]);
  });

  test("are refused static addresses that are taken, reserved or elsewhere, and a full subnet", async () => {
    const codeOf = async (properties: Record<string, unknown>, name = "n2"): Promise<string> => {
      const reply = await client.arm("PUT", network(`networkInterfaces/${name}`), version, nic(properties));
      return reply.body.error?.code ?? reply.body.properties.ipConfigurations[0].properties.privateIPAddress;
    };
    const fixed = (privateIPAddress: string): Record<string, unknown> => ({
      privateIPAllocationMethod: "Static",
      privateIPAddress,
    });
    expect(await codeOf(fixed("10.1.0.4"))).toBe("PrivateIPAddressIsAllocated");
    expect(await codeOf(fixed("10.1.0.1"))).toBe("PrivateIPAddressInReservedRange");
    expect(await codeOf(fixed("10.2.0.9"))).toBe("PrivateIPAddressNotInSubnet");
    expect(await codeOf(fixed("10.1.0.6"))).toBe("10.1.0.6");
    expect(await codeOf({}, "n3")).toBe("10.1.0.5");
    expect(await codeOf({}, "n4")).toBe("SubnetIsFull");
  });

  test("show the backend pools that they are in from both sides", async () => {
    const pool = network("loadBalancers/lb1/backendAddressPools/p1");
    const balancer = await client.arm("PUT", network("loadBalancers/lb1"), version, {
      location: "east",
      properties: {
        frontendIPConfigurations: [
          { name: "f1", properties: { publicIPAddress: { id: network("publicIPAddresses/a1") } } },
        ],
        backendAddressPools: [{ name: "p1" }],
      },
    });
    expect([balancer.status, balancer.body.error?.code]).toEqual([400, "InvalidResourceReference"]);
    const address = await client.arm("PUT", network("publicIPAddresses/a1"), version, {
      location: "east",
      properties: {},
    });
    expect(address.body.properties.ipAddress).toBeUndefined();
    await client.arm("PUT", network("loadBalancers/lb1"), version, {
      location: "east",
      properties: {
        frontendIPConfigurations: [
          { name: "f1", properties: { publicIPAddress: { id: network("publicIPAddresses/a1") } } },
        ],
        backendAddressPools: [{ name: "p1" }],
      },
    });
    const used = await client.arm("GET", network("publicIPAddresses/a1"), version);
    expect(used.body.properties.ipAddress).toMatch(/^198\.18\./);
    await client.arm(
      "PUT",
      network("networkInterfaces/n1"),
      version,
      nic({ loadBalancerBackendAddressPools: [{ id: pool }] }),
    );
    const shown = await client.arm("GET", pool, version);
    expect(shown.body.properties.backendIPConfigurations).toEqual([
      { id: network("networkInterfaces/n1/ipConfigurations/c1") },
    ]);
  });
});

test("the public address pool of a stamp is finite", async () => {
  const make = (name: string): Promise<{ readonly status: number }> =>
    client.arm("PUT", network(`publicIPAddresses/${name}`), version, {
      location: "east",
      properties: { publicIPAllocationMethod: "Static" },
    });
  const replies = [await make("b1"), await make("b2"), await make("b3")];
  expect(replies.filter((reply) => reply.status === 201).length).toBeLessThan(3);
});

test("a record set belongs to its zone, and the zone keeps its apex", async () => {
  const zone = network("dnszones/app.example.org");
  expect((await client.arm("PUT", zone, "2016-04-01", { location: "global" })).status).toBe(201);
  const record = { properties: { TTL: 60, ARecords: [{ ipv4Address: "198.18.0.9" }] } };
  expect((await client.arm("PUT", `${zone}/A/www`, "2016-04-01", record)).status).toBe(201);
  expect((await client.arm("GET", `${zone}/recordsets`, "2016-04-01")).body.value.length).toBe(3);
  expect((await client.arm("DELETE", `${zone}/SOA/@`, "2016-04-01")).status).toBe(400);
});

test("deleting the group takes NICs before subnets", async () => {
  const deleted = await client.arm("DELETE", group, "2019-10-01");
  expect((await client.settle(deleted)).status).toBe(200);
  expect(emulator.stamp("east").stamp.services.resources.listBelow(group)).toEqual([]);
});
