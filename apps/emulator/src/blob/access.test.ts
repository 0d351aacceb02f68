import type { BlobSASSignatureValues, ContainerClient, PageBlobClient } from "@azure/storage-blob";
import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  AccountSASServices,
  BlobSASPermissions,
  ContainerSASPermissions,
  generateAccountSASQueryParameters,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStorageFixture, type StorageFixture } from "./testing/storage-fixture.ts";

const version = "2019-07-07";
const hour = 3_600_000;

let storage: StorageFixture;
let container: ContainerClient;
let blob: PageBlobClient;
let startMs: number;

beforeAll(async () => {
  storage = await openStorageFixture();
  container = storage.service.getContainerClient("shared");
  await container.create();
  blob = container.getPageBlobClient("disk.vhd");
  await blob.create(4096);
  await blob.uploadPages(Buffer.alloc(512, 5), 0, 512);
  startMs = storage.stamp.stamp.services.now();
});
afterAll(() => storage[Symbol.asyncDispose]());

function blobSas(values: Partial<BlobSASSignatureValues>): string {
  return generateBlobSASQueryParameters(
    {
      version,
      containerName: "shared",
      blobName: "disk.vhd",
      permissions: BlobSASPermissions.parse("r"),
      expiresOn: new Date(startMs + hour),
      ...values,
    },
    storage.credential,
  ).toString();
}

const read = (address: string): Promise<Buffer> => storage.open(address).downloadToBuffer(0, 512);
const refused = { statusCode: 403 };

describe("shared access signatures", () => {
  test("of a blob let their holder read it and nothing else", async () => {
    const sas = blobSas({});
    expect((await read(`${blob.url}?${sas}`))[0]).toBe(5);
    await expect(read(`${container.url}/other.vhd?${sas}`)).rejects.toMatchObject(refused);
    const writer = storage.open(`${blob.url}?${sas}`).getPageBlobClient();
    await expect(writer.uploadPages(Buffer.alloc(512), 0, 512)).rejects.toMatchObject(refused);
  });

  test("of a snapshot read the snapshot, not the blob", async () => {
    const { snapshot } = await blob.createSnapshot();
    const sas = blobSas({ snapshotTime: snapshot! });
    const frozen = blob.withSnapshot(snapshot!).url;
    expect((await read(`${frozen}&${sas}`))[0]).toBe(5);
    await expect(read(`${blob.url}?${sas}`)).rejects.toMatchObject(refused);
    await blob.delete({ deleteSnapshots: "only" });
  });

  test("of a container reach its blobs and list them", async () => {
    const permissions = ContainerSASPermissions.parse("rl");
    const sas = generateBlobSASQueryParameters(
      { version, containerName: "shared", permissions, expiresOn: new Date(startMs + hour) },
      storage.credential,
    ).toString();
    expect((await read(`${blob.url}?${sas}`))[0]).toBe(5);
    const list = (query: string): Promise<string> =>
      storage.get(`${container.url}?restype=container&comp=list&${query}`);
    expect(await list(sas)).toMatch(/^200 .*<Name>disk.vhd<\/Name>/s);
    const unlisted = generateBlobSASQueryParameters(
      {
        version,
        containerName: "shared",
        permissions: ContainerSASPermissions.parse("r"),
        expiresOn: new Date(startMs + hour),
      },
      storage.credential,
    ).toString();
    expect(await list(unlisted)).toMatch(/^403 .*AuthorizationPermissionMismatch/s);
    expect(await list(blobSas({}))).toMatch(/^403 /);
  });

  test("with the right to create alone make a blob, and replace none", async () => {
    const permissions = BlobSASPermissions.parse("c");
    const made = storage.open(`${container.url}/made.vhd?${blobSas({ blobName: "made.vhd", permissions })}`);
    await made.getPageBlobClient().create(512);
    const overwrite = { statusCode: 403, code: "UnauthorizedBlobOverwrite" };
    await expect(made.getPageBlobClient().create(512)).rejects.toMatchObject(overwrite);
    await expect(made.getBlockBlobClient().upload("x", 1)).rejects.toMatchObject(overwrite);
    const copy = made.beginCopyFromURL(`${blob.url}?${blobSas({})}`);
    await expect(copy).rejects.toMatchObject(overwrite);
    expect((await container.getPageBlobClient("made.vhd").getProperties()).contentLength).toBe(512);
  });

  test("on the source of a copy are asked for, but by the key of the same account", async () => {
    const permissions = BlobSASPermissions.parse("cw");
    const target = storage.open(`${container.url}/copied.vhd?${blobSas({ blobName: "copied.vhd", permissions })}`);
    const copyFrom = async (query: string) => (await target.beginCopyFromURL(`${blob.url}${query}`)).pollUntilDone();
    const unseen = { statusCode: 404, code: "CannotVerifyCopySource" };
    const forbidden = { statusCode: 403, code: "CannotVerifyCopySource" };
    await expect(copyFrom("")).rejects.toMatchObject(unseen);
    await expect(copyFrom(`?${blobSas({ expiresOn: new Date(startMs - hour) })}`)).rejects.toMatchObject(forbidden);
    const writing = blobSas({ permissions: BlobSASPermissions.parse("w") });
    await expect(copyFrom(`?${writing}`)).rejects.toMatchObject(forbidden);
    await expect(container.getPageBlobClient("copied.vhd").getProperties()).rejects.toMatchObject({ statusCode: 404 });
    await target.beginCopyFromURL(`${blob.url}?${blobSas({})}`);
    expect((await container.getPageBlobClient("copied.vhd").downloadToBuffer(0, 512))[0]).toBe(5);
    await container.getPageBlobClient("copied.vhd").beginCopyFromURL(blob.url);
  });

  test("of the account reach what their services, types and permissions say", async () => {
    const make = (types: string, letters: string): string =>
      generateAccountSASQueryParameters(
        {
          version,
          services: AccountSASServices.parse("b").toString(),
          resourceTypes: AccountSASResourceTypes.parse(types).toString(),
          permissions: AccountSASPermissions.parse(letters),
          expiresOn: new Date(startMs + hour),
        },
        storage.credential,
      ).toString();
    expect((await read(`${blob.url}?${make("o", "r")}`))[0]).toBe(5);
    await expect(read(`${blob.url}?${make("c", "r")}`)).rejects.toMatchObject(refused);
    await expect(read(`${blob.url}?${make("o", "w")}`)).rejects.toMatchObject(refused);
  });

  test("by a stored policy end when the policy goes", async () => {
    await container.setAccessPolicy(undefined, [
      {
        id: "readers",
        accessPolicy: { permissions: "r", startsOn: new Date(startMs - hour), expiresOn: new Date(startMs + hour) },
      },
    ]);
    const sas = generateBlobSASQueryParameters(
      { version, containerName: "shared", blobName: "disk.vhd", identifier: "readers" },
      storage.credential,
    ).toString();
    expect((await read(`${blob.url}?${sas}`))[0]).toBe(5);
    await container.setAccessPolicy(undefined, []);
    await expect(read(`${blob.url}?${sas}`)).rejects.toMatchObject(refused);
  });

  test.each([
    ["expired", () => blobSas({ expiresOn: new Date(startMs - hour) })],
    ["not yet good", () => blobSas({ startsOn: new Date(startMs + hour / 2) })],
    ["tampered with", () => blobSas({}).replace("sp=r", "sp=rw")],
    ["of a newer version", () => blobSas({ version: "2020-12-06" })],
  ])("that are %s are refused", async (_what, make) => {
    await expect(read(`${blob.url}?${make()}`)).rejects.toMatchObject(refused);
  });
});

describe("every call", () => {
  test("signed with another key, or changed after it was signed, is refused with the string that was expected", async () => {
    const { accountName } = storage.credential;
    const forged = new StorageSharedKeyCredential(accountName, Buffer.alloc(64, 1).toString("base64"));
    const refusal = storage.openAs(blob.url, forged).getProperties();
    await expect(refusal).rejects.toMatchObject({ statusCode: 403 });
    const listing = storage.openAs(blob.url, forged).downloadToBuffer(0, 512);
    await expect(listing).rejects.toMatchObject({
      statusCode: 403,
      code: "AuthenticationFailed",
      message: expect.stringContaining(`/${accountName}/shared/disk.vhd`),
    });
  });

  test("without a credential finds nothing, as for an account that is not there", async () => {
    await expect(read(blob.url)).rejects.toMatchObject({ statusCode: 404 });
  });

  test("at a version that the platform does not know is refused", async () => {
    const newer = storage.open(`${blob.url}?${blobSas({})}`, "2020-10-02");
    await expect(newer.getProperties()).rejects.toMatchObject({ statusCode: 400 });
  });
});

describe("faults of storage", () => {
  test("limit the bandwidth of an answer, which then comes whole", async () => {
    const { faults } = storage.stamp;
    const id = faults.add({ kind: "limit-bandwidth", count: 1, pattern: "disk.vhd", bytesPerSecond: 2048 });
    const startedMs = performance.now();
    expect((await read(`${blob.url}?${blobSas({})}`)).length).toBe(512);
    // 512 bytes at 2048 a second: a lower bound, which no load of the machine can break.
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(245);
    expect(faults.list().find((one) => one.id === id)?.hits).toBe(1);
  });

  test("refuse or expire a good signature, and count it", async () => {
    const { faults } = storage.stamp;
    for (const kind of ["refuse-sas", "expire-sas"] as const) {
      const id = faults.add({ kind, count: 1, pattern: "disk.vhd" });
      await expect(read(`${blob.url}?${blobSas({})}`)).rejects.toMatchObject(refused);
      expect(faults.list().find((one) => one.id === id)?.hits).toBe(1);
      expect((await read(`${blob.url}?${blobSas({})}`))[0]).toBe(5);
    }
  });

  test("cut an answer in the middle, and go on serving", async () => {
    const { faults } = storage.stamp;
    faults.add({ kind: "cut-response", plane: "blob", count: 1, pattern: "GET .*disk.vhd", afterBytes: 100 });
    await expect(read(`${blob.url}?${blobSas({})}`)).rejects.toThrow();
    expect((await read(`${blob.url}?${blobSas({})}`))[0]).toBe(5);
  });

  test("refuse writes as a full volume does", async () => {
    storage.stamp.faults.add({ kind: "fill-volume", count: 1, pattern: "disk.vhd" });
    await expect(blob.uploadPages(Buffer.alloc(512, 6), 0, 512)).rejects.toMatchObject({ statusCode: 500 });
    expect((await blob.downloadToBuffer(0, 512))[0]).toBe(5);
  });
});
