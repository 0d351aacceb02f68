// The S3 adapter on the gateway of Debian's Ceph: a server that nobody here wrote, with object lock.
import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { Secret } from "@holdfast/kernel";
import type { Clock, Random } from "@holdfast/kernel";
import { createS3BlobStore } from "@holdfast/repository";
import { describeBlobStore } from "@holdfast/repository/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWith } from "./capability.ts";
import { startCephGateway } from "./ceph-gateway.ts";
import type { CephGateway } from "./ceph-gateway.ts";

const random: Random = { bytes: (n) => randomBytes(n), uuid: () => randomUUID(), fraction: () => Math.random() };
const clock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, { signal } = {}) => setTimeout(ms, undefined, signal === undefined ? {} : { signal }),
};

describeWith(
  {
    "/usr/bin/radosgw": "radosgw",
    "/usr/bin/ceph-mon": "ceph-mon",
    "/usr/bin/ceph-osd": "ceph-osd",
    "/usr/bin/ceph-mgr": "ceph-mgr",
    "/usr/bin/ceph": "ceph-common",
  },
  "createS3BlobStore on the gateway of Ceph",
  () => {
    let ceph: CephGateway;
    let buckets = 0;
    beforeAll(async () => {
      ceph = await startCephGateway();
    });
    afterAll(() => ceph[Symbol.asyncDispose]());

    const makeBucket = async (isLocking = false, query = "") => {
      buckets += 1;
      const { endpoint, accessKeyId, secretAccessKey } = ceph;
      const credentials = { accessKeyId, secretAccessKey };
      const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
      const Bucket = `bucket-${buckets}`;
      await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: isLocking }));
      client.destroy();
      const location = `s3://${Bucket}/site-1?endpoint=${endpoint}${query}`;
      const warnings: string[] = [];
      const key = { accessKeyId, secretAccessKey: new Secret(secretAccessKey) };
      const open = () => createS3BlobStore(location, key, { random, clock, warn: (line) => warnings.push(line) });
      return { store: open(), other: open(), warnings, [Symbol.asyncDispose]: async () => undefined };
    };

    describe("in a plain bucket", () => {
      describeBlobStore(makeBucket);

      test("the probe finds that it creates exclusively, and no lock is told", async () => {
        const { store } = await makeBucket();
        expect(await store.readTraits?.()).toMatchObject({
          hasExclusiveCreate: true,
          objectLock: { isEnabled: false, byBucket: null, example: null },
        });
      });

      test("a lock that is asked for and that the bucket has not fails the put", async () => {
        const { store } = await makeBucket(false, "&lock=compliance&lock-days=1");
        await expect(store.put("points/a", Buffer.from("x"))).rejects.toMatchObject({
          code: "repository.store.refused",
        });
      });
    });

    describe("in a bucket that locks", () => {
      test("a lock is put on, read back and kept, and the probe finds that conditions are ignored there", async () => {
        const { store, warnings } = await makeBucket(true, "&lock=governance&lock-days=1");
        for (const name of ["config", "packs/ab/abc", "index/a", "points/a"]) await store.put(name, Buffer.from(name));
        for (const name of ["packs/ab/abc", "index/a", "points/a"])
          await expect(store.delete(name)).rejects.toMatchObject({ code: "repository.store.locked" });
        await store.delete("config");
        expect(await store.size("config")).toBe(null);
        expect(Buffer.from(await store.get("points/a")).toString()).toBe("points/a");
        const traits = await store.readTraits?.();
        expect(traits).toMatchObject({
          hasExclusiveCreate: false,
          objectLock: { isEnabled: true, byBucket: null, example: { object: "points/a", mode: "governance" } },
        });
        expect(warnings).toHaveLength(1);
        await expect(store.put("points/a", Buffer.from("y"))).rejects.toMatchObject({
          code: "repository.store.exists",
        });
      });
    });
  },
);
