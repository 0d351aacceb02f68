import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { MiB, Secret } from "@holdfast/kernel";
import { FakeClock, SkippingClock } from "@holdfast/kernel/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeBlobStore } from "../testing/describe-blob-store.ts";
import { createRepository, openRepository } from "../repository.ts";
import { captureAll, pointOf, readAll, strongRandom } from "../testing/keyed-repository.ts";
import { createS3BlobStore } from "./s3-blob-store.ts";

// The account that every s3rver has.
const credential = { accessKeyId: "S3RVER", secretAccessKey: new Secret("S3RVER") };

/** A server of others; it brings no types. */
type S3Rver = new (options: { address: string; port: number; silent: boolean; directory: string }) => {
  run(): Promise<{ readonly port: number }>;
  close(): Promise<void>;
};

let folder: string;
let server: InstanceType<S3Rver>;
let endpoint: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-s3rver-"));
  const Server = createRequire(import.meta.url)("s3rver") as S3Rver;
  server = new Server({ address: "127.0.0.1", port: 0, silent: true, directory: folder });
  const { port } = await server.run();
  endpoint = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

let buckets = 0;

async function makeBucket() {
  buckets += 1;
  const name = `bucket-${buckets}`;
  const keys = { accessKeyId: credential.accessKeyId, secretAccessKey: credential.secretAccessKey.reveal() };
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials: keys });
  await client.send(new CreateBucketCommand({ Bucket: name }));
  const location = `s3://${name}/site-1?endpoint=${endpoint}`;
  const store = createS3BlobStore(location, credential, { random: strongRandom, clock: new SkippingClock() });
  return { store, location, [Symbol.asyncDispose]: async () => {} };
}

describe("createS3BlobStore on s3rver", () => {
  describeBlobStore(makeBucket, {
    skip: [
      { test: "lets exactly one of concurrent puts of one name win", reason: "s3rver ignores If-None-Match" },
      { test: "shows a reader the whole object or none", reason: "s3rver writes in place" },
      {
        test: "leaves the whole object or none where a put is aborted under way",
        reason: "s3rver writes in place, and keeps what came before the client left",
      },
      {
        test: "lists more names than fit in a page, and each once",
        reason: "s3rver makes its page tokens by DES, which OpenSSL 3 has not",
      },
    ],
  });
});

test("a repository in a bucket is made, filled, reopened, checked and read back", async () => {
  const { location, store } = await makeBucket();
  const services = { random: strongRandom, clock: new FakeClock(), passphrase: new Secret("correct horse") };
  const disk = randomBytes(18 * MiB + 77);
  await createRepository(store, services);
  {
    await using points = await openRepository(store, services);
    await points.publishPoint(pointOf("p1", await captureAll(points, disk)));
  }
  await using points = await openRepository(createS3BlobStore(location, credential, services), services);
  const [point] = await points.listPoints();
  expect((await readAll(points, point!.disks[0]!.image)).equals(disk)).toBe(true);
  expect((await points.check()).findings).toEqual([]);
  expect(await store.readTraits?.()).toEqual({
    hasExclusiveCreate: false,
    objectLock: { isEnabled: false, wanted: null, byBucket: null, example: null },
    medium: null,
  });
});
