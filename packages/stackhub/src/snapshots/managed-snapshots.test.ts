import { hasErrorCode, Secret } from "@holdfast/kernel";
import { SeededRandom, SkippingClock } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { connectStamp } from "../connect-stamp.ts";
import { startScriptedServer } from "../testing/scripted-server.ts";
import { group, scriptedStamp, subscription, type Wire } from "../testing/scripted-stamp.ts";

const diskId = `${group}/providers/Microsoft.Compute/disks/d1`;
const snapshotId = `${group}/providers/Microsoft.Compute/snapshots/s1`;

function wireSnapshot(properties: Record<string, unknown> = {}, tags: Record<string, string> = { run: "r1" }) {
  return {
    id: snapshotId,
    name: "s1",
    location: "east",
    tags,
    sku: { name: "Standard_LRS" },
    properties: {
      timeCreated: "2026-01-01T00:00:05.5+00:00",
      diskSizeGB: 4,
      incremental: true,
      provisioningState: "Succeeded",
      creationData: { createOption: "Copy", sourceResourceId: diskId, sourceUniqueId: "u1" },
      ...properties,
    },
  };
}

async function start(wire: Wire) {
  const server = await startScriptedServer(() => undefined);
  server.script = scriptedStamp(() => server.url, wire);
  const stamp = await connectStamp(
    {
      name: "east",
      armEndpoint: server.url,
      tenant: "adfs",
      clientId: "c1",
      credential: { kind: "secret", secret: new Secret("hush") },
    },
    { clock: new SkippingClock(), random: new SeededRandom(1) },
  );
  const made = server.requests.length;
  return {
    server,
    stamp,
    calls: () => server.requests.slice(made).map(({ method, path }) => `${method} ${path.split("/").at(-1)}`),
    [Symbol.asyncDispose]: async () => {
      await stamp[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const wanted = { diskId, name: "s1", resourceGroup: "g1", isIncremental: true, tags: { run: "r1" } };

test.each([true, false])(
  "a new snapshot tells by what is read back whether it is incremental: %s",
  async (incremental) => {
    let body: unknown = null;
    await using bench = await start({
      [`GET ${snapshotId}`]: () =>
        body === null
          ? { status: 404, body: { error: { code: "NotFound" } } }
          : { body: wireSnapshot({ incremental }) },
      [`PUT ${snapshotId}`]: (request) => {
        body = JSON.parse(request.body);
        return { status: 200, body: wireSnapshot({ incremental }) };
      },
    });
    expect(await bench.stamp.createSnapshot(wanted)).toEqual({
      id: snapshotId,
      name: "s1",
      timeCreatedMs: Date.UTC(2026, 0, 1, 0, 0, 5, 500),
      isIncremental: incremental,
      sourceDiskId: diskId,
      sourceUniqueId: "u1",
      sizeBytes: 4 * 1024 ** 3,
      tags: { run: "r1" },
    });
    expect(body).toEqual({
      location: "east",
      sku: { name: "Standard_LRS" },
      tags: { run: "r1" },
      properties: { incremental: true, creationData: { createOption: "Copy", sourceResourceId: diskId } },
    });
  },
);

test("a snapshot that an earlier try made is used, not made again", async () => {
  await using bench = await start({ [`GET ${snapshotId}`]: { body: wireSnapshot() } });
  expect(await bench.stamp.createSnapshot(wanted)).toMatchObject({ name: "s1" });
  expect(bench.calls()).toEqual(["GET s1"]);
});

test.each([
  ["of another disk", wireSnapshot({ creationData: { sourceResourceId: `${diskId}x` } })],
  ["of another run", wireSnapshot({}, { run: "r2" })],
])("a snapshot of this name %s is a conflict", async (_, existing) => {
  await using bench = await start({ [`GET ${snapshotId}`]: { body: existing } });
  await expect(bench.stamp.createSnapshot(wanted)).rejects.toMatchObject({ code: "stackhub.arm.conflict" });
});

test("deleting ends access first where the stamp refuses for it, and a missing snapshot is no failure", async () => {
  let isGranted = true;
  await using bench = await start({
    [`DELETE ${snapshotId}`]: () =>
      isGranted
        ? { status: 409, body: { error: { code: "OperationNotAllowed", message: "active SAS" } } }
        : { status: 204 },
    [`POST ${snapshotId}/endGetAccess`]: () => {
      isGranted = false;
      return { status: 200 };
    },
  });
  await bench.stamp.deleteSnapshot(snapshotId);
  expect(bench.calls()).toEqual(["DELETE s1", "POST endGetAccess", "DELETE s1"]);
  await bench.stamp.deleteSnapshot(`${snapshotId}-missing`);
});

test("snapshots are listed by the presence of a tag", async () => {
  const list = [wireSnapshot(), { ...wireSnapshot({}, {}), name: "s2" }];
  await using bench = await start({
    [`GET ${subscription}/providers/Microsoft.Compute/snapshots`]: { body: { value: list } },
  });
  expect((await bench.stamp.listSnapshotsTagged("run")).map(({ name }) => name)).toEqual(["s1"]);
});

test("an opened snapshot ends its access when it is disposed of, and a failed grant is tried again", async () => {
  let grants = 0;
  await using bench = await start({
    [`POST ${snapshotId}/beginGetAccess`]: (request) => {
      grants += 1;
      if (grants === 1)
        return { status: 202, headers: { "Azure-AsyncOperation": `http://${request.headers.host}/op` } };
      return { body: { accessSAS: `http://${request.headers.host}/abcd?sig=secret` } };
    },
    "GET /op": { body: { status: "Failed", error: { code: "BlobSasManagerFailed", message: "try later" } } },
    "HEAD /abcd": { headers: { "Content-Length": "1024" } },
    [`POST ${snapshotId}/endGetAccess`]: { status: 200 },
  });
  {
    await using source = await bench.stamp.openSnapshot(snapshotId);
    expect(source.contentBytes).toBe(1024);
  }
  expect(bench.calls()).toEqual([
    "POST beginGetAccess",
    "GET op",
    "POST beginGetAccess",
    "HEAD abcd",
    "POST endGetAccess",
  ]);
});

test("a snapshot that cannot be opened leaves no access behind", async () => {
  await using bench = await start({
    [`POST ${snapshotId}/beginGetAccess`]: ({ headers }) => ({
      body: { accessSAS: `http://${headers.host}/gone?sig=secret` },
    }),
    [`POST ${snapshotId}/endGetAccess`]: { status: 200 },
  });
  const failure = await bench.stamp.openSnapshot(snapshotId).catch((e: unknown) => e);
  expect(hasErrorCode(failure, "stackhub.blob.not-found")).toBe(true);
  expect(bench.calls().at(-1)).toBe("POST endGetAccess");
});

test.each([
  [404, "NotFound"],
  [409, "Conflict"],
  [400, "AccessNotGranted"],
])("revoking access that is not there does nothing where the stamp says %i", async (status, code) => {
  await using bench = await start({ [`POST ${snapshotId}/endGetAccess`]: { status, body: { error: { code } } } });
  await bench.stamp.revokeAccess(snapshotId);
});

test("revoking that is forbidden raises", async () => {
  await using bench = await start({
    [`POST ${snapshotId}/endGetAccess`]: { status: 403, body: { error: { code: "AuthorizationFailed" } } },
  });
  await expect(bench.stamp.revokeAccess(snapshotId)).rejects.toMatchObject({
    code: "stackhub.arm.forbidden",
    details: expect.objectContaining({ action: "Microsoft.Compute/snapshots/endGetAccess/action" }),
  });
});
