import { expect, test } from "vitest";
import { connectScripted } from "../testing/connected-stamp.ts";
import type { SeenRequest } from "../testing/scripted-server.ts";
import { group, subscription, type Wire } from "../testing/scripted-stamp.ts";

const accountId = `${group}/providers/Microsoft.Storage/storageAccounts/stage1`;
const diskId = `${group}/providers/Microsoft.Compute/disks/d1`;
const nicId = `${group}/providers/Microsoft.Network/networkInterfaces/n1`;
const vmId = `${group}/providers/Microsoft.Compute/virtualMachines/vm1`;
const subnetId = `${group}/providers/Microsoft.Network/virtualNetworks/v/subnets/s`;

const missing = { status: 404, body: { error: { code: "ResourceNotFound" } } };

/** A resource that a PUT makes: what was put comes back, completed by `extra`. */
function resource(id: string, extra: object = {}, existing: object | null = null): Wire {
  let held = existing;
  return {
    [`GET ${id}`]: () => (held === null ? missing : { body: held }),
    [`PUT ${id}`]: (request: SeenRequest) => {
      held = { id, name: id.split("/").at(-1), ...JSON.parse(request.body), ...extra };
      return { status: 201, body: held };
    },
  };
}

// Blob hosts are `<account>.blob.<suffix>`: over plain HTTP on the scripted server's port.
const blobBase = (base: () => string) => `http://stage1.blob.east.ash.example:${new URL(base()).port}/`;

function stagingWire(base: () => string, more: Wire = {}): Wire {
  const account = () => ({ id: accountId, name: "stage1", properties: { primaryEndpoints: { blob: blobBase(base) } } });
  let isMade = false;
  return {
    [`GET ${accountId}`]: () => (isMade ? { body: account() } : missing),
    [`PUT ${accountId}`]: () => {
      isMade = true;
      return { body: account() };
    },
    [`GET ${subscription}/providers/Microsoft.Storage/storageAccounts`]: () => ({ body: { value: [account()] } }),
    [`POST ${accountId}/listKeys`]: { body: { keys: [{ keyName: "key1", value: "c2VjcmV0LWtleQ==" }] } },
    "PUT /restore": { status: 201 },
    "PUT /restore/d.vhd": { status: 201 },
    ...more,
  };
}

const wantedStaging = { resourceGroup: "g1", accountName: "stage1", container: "restore", tags: {} };

test("staging is made, written in whole pages under a signature, and deleted with its snapshots", async () => {
  await using bench = await connectScripted((base) => stagingWire(base, { "DELETE /restore/d.vhd": { status: 202 } }));
  const staging = await bench.stamp.ensureStaging(wantedStaging);
  expect(staging.accountId).toBe(accountId);
  const sink = await bench.stamp.createPageBlob(staging.containerUri, "d.vhd", 4096);
  await sink.write(512, new Uint8Array(1024).fill(7));
  const put = bench.server.requests.at(-1)!;
  expect(put.query.get("comp")).toBe("page");
  expect(put.headers).toMatchObject({ range: "bytes=512-1535", "x-ms-page-write": "update", "content-length": "1024" });
  expect(put.headers.authorization).toMatch(/^SharedKey stage1:/);
  expect(put.body).toBe("\u0007".repeat(1024));
  await bench.stamp.deleteBlob(sink.uri);
  expect(bench.server.requests.at(-1)!.headers["x-ms-delete-snapshots"]).toBe("include");
});

test("a container that is there already is used", async () => {
  const there = { status: 409, headers: { "x-ms-error-code": "ContainerAlreadyExists" } };
  await using bench = await connectScripted((base) => stagingWire(base, { "PUT /restore": there }));
  expect((await bench.stamp.ensureStaging(wantedStaging)).containerUri).toMatch(/\/restore$/);
});

test("a container that is being deleted is a conflict", async () => {
  const going = { status: 409, headers: { "x-ms-error-code": "ContainerBeingDeleted" } };
  await using bench = await connectScripted((base) => stagingWire(base, { "PUT /restore": going }));
  await expect(bench.stamp.ensureStaging(wantedStaging)).rejects.toMatchObject({ code: "stackhub.arm.conflict" });
});

test.each([
  [4096, true],
  [8192, false],
])(
  "a page blob of %i bytes that an earlier try left is used only when it has the wanted length",
  async (found, isUsed) => {
    await using bench = await connectScripted((base) =>
      stagingWire(base, {
        "PUT /restore/d.vhd": { status: 409, headers: { "x-ms-error-code": "BlobAlreadyExists" } },
        "HEAD /restore/d.vhd": { headers: { "Content-Length": String(found), "x-ms-blob-type": "PageBlob" } },
      }),
    );
    const made = bench.stamp.createPageBlob(`${blobBase(() => bench.server.url)}restore`, "d.vhd", 4096);
    if (isUsed) expect((await made).uri).toMatch(/d\.vhd$/);
    else await expect(made).rejects.toMatchObject({ code: "stackhub.arm.conflict" });
  },
);

test.each([
  [100, 512],
  [0, 100],
  [4096, 512],
  [0, 0],
])("a write at %i of %i bytes is refused before any call", async (offset, length) => {
  await using bench = await connectScripted((base) => stagingWire(base));
  const sink = await bench.stamp.createPageBlob(`${blobBase(() => bench.server.url)}restore`, "d.vhd", 4096);
  const before = bench.server.requests.length;
  await expect(sink.write(offset, new Uint8Array(length))).rejects.toMatchObject({ code: "kernel.invariant" });
  expect(bench.server.requests).toHaveLength(before);
});

test("an account's key that was changed is read again once", async () => {
  const keys = ["b2xk", "bmV3"];
  let writes = 0;
  await using bench = await connectScripted((base) =>
    stagingWire(base, {
      [`POST ${accountId}/listKeys`]: () => ({ body: { keys: [{ value: keys.shift() }] } }),
      "PUT /restore/d.vhd": () => ({ status: (writes += 1) === 2 ? 403 : 201 }),
    }),
  );
  const sink = await bench.stamp.createPageBlob(`${blobBase(() => bench.server.url)}restore`, "d.vhd", 4096);
  await sink.write(0, new Uint8Array(512));
  expect(keys).toEqual([]);
});

test.each([
  ["Account", "restore"],
  ["ab", "restore"],
  ["stage1", "a--b"],
  ["stage1", "-ab"],
])("the staging names %s and %s are refused before any call", async (accountName, container) => {
  await using bench = await connectScripted((base) => stagingWire(base));
  await expect(bench.stamp.ensureStaging({ ...wantedStaging, accountName, container })).rejects.toMatchObject({
    code: "stackhub.staging.bad-name",
  });
  expect(bench.calls()).toEqual([]);
});

const wantedDisk = {
  name: "d1",
  resourceGroup: "g1",
  sku: "Premium_LRS" as const,
  osType: "Linux" as const,
  sourceUri: "https://stage1.blob.east.ash.example/restore/d.vhd",
  storageAccountId: accountId,
  tags: { run: "r1" },
};

test("a disk is imported from the staging blob", async () => {
  await using bench = await connectScripted(() => resource(diskId));
  expect(await bench.stamp.importDisk(wantedDisk)).toMatchObject({ id: diskId, name: "d1", sku: "Premium_LRS" });
  const put = bench.server.requests.find(({ method }) => method === "PUT")!;
  expect(JSON.parse(put.body)).toEqual({
    location: "east",
    sku: { name: "Premium_LRS" },
    tags: { run: "r1" },
    properties: {
      osType: "Linux",
      creationData: { createOption: "Import", sourceUri: wantedDisk.sourceUri, storageAccountId: accountId },
    },
  });
});

test.each([
  ["made in another way", { createOption: "Empty" }, { run: "r1" }],
  ["made from another blob", { createOption: "Import", sourceUri: "https://other" }, { run: "r1" }],
  ["of another run", { createOption: "Import", sourceUri: wantedDisk.sourceUri }, {}],
])("a disk of the name that is %s is a conflict and stays as it is", async (_, creationData, tags) => {
  const existing = { id: diskId, name: "d1", tags, properties: { creationData } };
  await using bench = await connectScripted(() => resource(diskId, {}, existing));
  await expect(bench.stamp.importDisk(wantedDisk)).rejects.toMatchObject({ code: "stackhub.arm.conflict" });
  expect(bench.calls()).toEqual(["GET d1"]);
});

const wantedNic = {
  name: "n1",
  resourceGroup: "g1",
  subnetId,
  privateAddress: "10.0.0.4",
  nsgId: null,
  loadBalancerPoolIds: [],
  secondaryIps: [],
  tags: {},
};

test("a network interface is made with its static address", async () => {
  await using bench = await connectScripted(() => resource(nicId));
  expect(await bench.stamp.createNic(wantedNic)).toEqual({ id: nicId });
  const put = bench.server.requests.find(({ method }) => method === "PUT")!;
  expect(JSON.parse(put.body).properties.ipConfigurations[0].properties).toEqual({
    subnet: { id: subnetId },
    privateIPAllocationMethod: "Static",
    privateIPAddress: "10.0.0.4",
  });
});

test("a network interface of the name in another subnet is a conflict", async () => {
  const existing = {
    id: nicId,
    name: "n1",
    properties: { ipConfigurations: [{ name: "i", properties: { subnet: { id: "x" } } }] },
  };
  await using bench = await connectScripted(() => resource(nicId, {}, existing));
  await expect(bench.stamp.createNic(wantedNic)).rejects.toMatchObject({ code: "stackhub.arm.conflict" });
});

const wantedVm = {
  name: "vm1",
  resourceGroup: "g1",
  sizeName: "Standard_DS1_v2",
  osType: "Linux" as const,
  osDisk: { diskId, caching: "ReadWrite" as const },
  dataDisks: [{ diskId: `${diskId}-data`, lun: 3, caching: "None" as const }],
  nicIds: [nicId],
  availabilitySetId: null,
  licenseType: null,
  plan: null,
  bootDiagnosticsUri: null,
  tags: {},
};

test("a VM is made on attached disks without an osProfile", async () => {
  await using bench = await connectScripted(() => resource(vmId));
  const vm = await bench.stamp.createVm(wantedVm);
  expect(vm.disks.map(({ role, lun, caching }) => ({ role, lun, caching }))).toEqual([
    { role: "os", lun: null, caching: "ReadWrite" },
    { role: "data", lun: 3, caching: "None" },
  ]);
  const { properties } = JSON.parse(bench.server.requests.find(({ method }) => method === "PUT")!.body);
  expect(properties.osProfile).toBeUndefined();
  expect(properties.diagnosticsProfile).toBeUndefined();
  expect(properties.storageProfile.osDisk.createOption).toBe("Attach");
});

test("a VM of the name with other disks is a conflict and stays as it is", async () => {
  const storageProfile = { osDisk: { managedDisk: { id: `${diskId}-other` } } };
  await using bench = await connectScripted(() =>
    resource(vmId, {}, { id: vmId, name: "vm1", properties: { storageProfile } }),
  );
  await expect(bench.stamp.createVm(wantedVm)).rejects.toMatchObject({ code: "stackhub.arm.conflict" });
  expect(bench.calls()).toEqual(["GET vm1"]);
});

test("a VM that is gone already counts as deleted, and as not there", async () => {
  await using bench = await connectScripted(() => ({}));
  await bench.stamp.deleteVm(vmId);
  expect(await bench.stamp.exists(vmId)).toBe(false);
  await expect(bench.stamp.readPowerState(vmId)).rejects.toMatchObject({ code: "stackhub.arm.not-found" });
});

test("an upload makes its disk by its size, is written under the granted address, and ends by ending access", async () => {
  const uploadBytes = 20 * 1024 ** 2 + 512;
  await using bench = await connectScripted((base) => ({
    ...resource(diskId, {}),
    [`POST ${diskId}/beginGetAccess`]: () => ({ body: { accessSAS: `${base()}/md-1/abcd?sig=x` } }),
    [`POST ${diskId}/endGetAccess`]: { status: 200 },
    "PUT /md-1/abcd": { status: 201 },
  }));
  const wanted = { name: "d1", resourceGroup: "g1", sku: "Standard_LRS", contentBytes: uploadBytes, tags: {} } as const;
  const { id } = await bench.stamp.createUploadDisk(wanted);
  const put = bench.server.requests.find(({ method }) => method === "PUT")!;
  expect(JSON.parse(put.body).properties.creationData).toEqual({
    createOption: "Upload",
    uploadSizeBytes: uploadBytes,
  });
  {
    await using upload = await bench.stamp.openUpload(id, uploadBytes);
    expect(upload.uri).not.toContain("sig");
    await upload.write(512, new Uint8Array(512));
    expect(bench.server.requests.at(-1)!.headers).toMatchObject({ range: "bytes=512-1023" });
  }
  const granted = bench.server.requests.find(({ path }) => path.endsWith("beginGetAccess"))!;
  expect(JSON.parse(granted.body)).toMatchObject({ access: "Write" });
  expect(bench.calls().at(-1)).toBe("POST endGetAccess");
});

test.each([
  ["empty and carries the tag", { run: "r1" }, [], 1],
  ["of somebody else", { run: "r2" }, [], 0],
  ["not empty", { run: "r1" }, [{ id: diskId }], 0],
])("a group that is %s", async (_, tags, inside, deletions) => {
  await using bench = await connectScripted(() => ({
    [`GET ${group}`]: { body: { id: group, name: "g1", tags } },
    [`GET ${group}/resources`]: { body: { value: inside } },
    [`DELETE ${group}`]: { status: 200 },
  }));
  await bench.stamp.deleteResourceGroup(group, { name: "run", value: "r1" });
  expect(bench.calls().filter((call) => call.startsWith("DELETE"))).toHaveLength(deletions);
});

test("a NIC is made with all its IP configurations, the first one primary", async () => {
  await using bench = await connectScripted(() => resource(nicId));
  const secondaryIps = [
    { name: "second", subnetId, privateAddress: "10.0.0.9" },
    { name: "ipconfig1", subnetId, privateAddress: null },
  ];
  await bench.stamp.createNic({ ...wantedNic, secondaryIps });
  const put = bench.server.requests.find(({ method }) => method === "PUT")!;
  const made = JSON.parse(put.body).properties.ipConfigurations as { name: string; properties: object }[];
  expect(made.map(({ name, properties }) => ({ name, ...properties }))).toEqual([
    expect.objectContaining({ name: "ipconfig1", primary: true, privateIPAddress: wantedNic.privateAddress }),
    {
      name: "second",
      primary: false,
      subnet: { id: subnetId },
      privateIPAllocationMethod: "Static",
      privateIPAddress: "10.0.0.9",
    },
    { name: "ipconfig1-3", primary: false, subnet: { id: subnetId }, privateIPAllocationMethod: "Dynamic" },
  ]);
});
