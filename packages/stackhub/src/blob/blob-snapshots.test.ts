import { expect, test } from "vitest";
import { connectScripted } from "../testing/connected-stamp.ts";
import { group, subscription, type Wire } from "../testing/scripted-stamp.ts";

const accountId = `${group}/providers/Microsoft.Storage/storageAccounts/acct`;
const time = "2026-01-01T00:00:05.1234567Z";

function accountWire(more: Wire): Wire {
  return {
    [`GET ${subscription}/providers/Microsoft.Storage/storageAccounts`]: {
      body: { value: [{ id: accountId, name: "acct" }] },
    },
    [`POST ${accountId}/listKeys`]: { body: { keys: [{ value: "a2V5" }] } },
    ...more,
  };
}

async function start(more: Wire) {
  const bench = await connectScripted(() => accountWire(more));
  return Object.assign(bench, { vhd: `http://acct.blob.east.ash.example:${bench.server.port}/vhds/d.vhd` });
}

test("a blob snapshot is made once, and its address carries its time and nothing secret", async () => {
  await using bench = await start({ "PUT /vhds/d.vhd": { status: 201, headers: { "x-ms-snapshot": time } } });
  const made = await bench.stamp.createBlobSnapshot(bench.vhd);
  expect(made).toEqual({
    uri: `${bench.vhd}?snapshot=${encodeURIComponent(time)}`,
    timeCreatedMs: Date.UTC(2026, 0, 1, 0, 0, 5, 123),
  });
});

test("a blob snapshot whose answer is lost is not made twice", async () => {
  await using bench = await start({ "PUT /vhds/d.vhd": { status: 500 } });
  await expect(bench.stamp.createBlobSnapshot(bench.vhd)).rejects.toMatchObject({ code: "stackhub.blob.server-fault" });
  expect(bench.calls().filter((call) => call === "PUT d.vhd")).toHaveLength(1);
});

test("an open snapshot reads by its time under a signature; a missing one is null", async () => {
  await using bench = await start({
    "HEAD /vhds/d.vhd": ({ query }) =>
      query.get("snapshot") === time ? { headers: { "Content-Length": "1024" } } : { status: 404 },
    "GET /vhds/d.vhd": { status: 206, headers: { "Content-Range": "bytes 0-511/1024" }, body: new Uint8Array(512) },
  });
  await using source = await bench.stamp.openBlobSnapshot(`${bench.vhd}?snapshot=${time}`);
  expect(source?.contentBytes).toBe(1024);
  await source!.read({ start: 0, end: 512 });
  expect(bench.server.requests.at(-1)!.query.get("snapshot")).toBe(time);
  expect(bench.server.requests.at(-1)!.headers.authorization).toMatch(/^SharedKey acct:/);
  expect(await bench.stamp.openBlobSnapshot(`${bench.vhd}?snapshot=other`)).toBeNull();
});

test("deleting needs a snapshot's time: the disk itself cannot be deleted by it", async () => {
  await using bench = await start({ "DELETE /vhds/d.vhd": { status: 202 } });
  await expect(bench.stamp.deleteBlobSnapshot(bench.vhd)).rejects.toMatchObject({
    code: "stackhub.blob.not-a-snapshot",
  });
  expect(bench.calls()).toEqual([]);
  await bench.stamp.deleteBlobSnapshot(`${bench.vhd}?snapshot=${time}`);
  expect(bench.server.requests.at(-1)!.query.get("snapshot")).toBe(time);
});

test("an account of another subscription cannot be opened", async () => {
  await using bench = await start({});
  await expect(bench.stamp.createBlobSnapshot("https://foreign.blob.east.ash.example/v/d.vhd")).rejects.toMatchObject({
    code: "stackhub.blob.unknown-account",
  });
});
