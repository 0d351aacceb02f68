import { inspect } from "node:util";
import { Secret } from "@holdfast/kernel";
import { SeededRandom, SkippingClock } from "@holdfast/kernel/testing";
import { describe, expect, test } from "vitest";
import { describeBlobStore } from "../testing/describe-blob-store.ts";
import { fakeS3Account, startFakeS3 } from "../testing/fake-s3-server.ts";
import type { FakeS3Options, S3Fault } from "../testing/fake-s3-server.ts";
import { createS3BlobStore } from "./s3-blob-store.ts";
import { lockChecksum } from "./s3-client.ts";

const credential = {
  accessKeyId: fakeS3Account.accessKeyId,
  secretAccessKey: new Secret(fakeS3Account.secretAccessKey),
};

let stores = 0;

async function startBucket(options: FakeS3Options = {}, { folder = "", query = "" } = {}) {
  const fake = await startFakeS3(options);
  const bucket = new Map();
  fake.buckets.set("backups", bucket);
  const warnings: string[] = [];
  const clock = new SkippingClock(Date.UTC(2026, 0, 1));
  const location = `s3://backups${folder}?endpoint=${fake.endpoint}${query}`;
  const open = (key = credential) =>
    createS3BlobStore(location, key, {
      random: new SeededRandom((stores += 1)),
      clock,
      warn: (line) => warnings.push(line),
    });
  const bench = { fake, bucket, warnings, clock, open, store: open(), other: open() };
  return { ...bench, [Symbol.asyncDispose]: fake[Symbol.asyncDispose] };
}

describe("createS3BlobStore", () => {
  describeBlobStore(() => startBucket({ pageSize: 100 }));
});

describe("createS3BlobStore under a folder, in a bucket that locks", () => {
  describeBlobStore(
    () =>
      startBucket({ hasObjectLock: true }, { folder: "/site-1/repo", query: "&lock=governance&lock-days=1" }).then(
        async (bench) => {
          bench.bucket.set("other", [{ id: "v0", bytes: Buffer.from("not ours"), metadata: {}, lock: null }]);
          return bench;
        },
      ),
    {
      skip: [
        { test: "deletes an object, and succeeds where it is gone already", reason: "points are locked" },
        { test: "lets several delete one object at the same time", reason: "points are locked" },
      ],
    },
  );
});

describe("createS3BlobStore on a server that knows no conditional put", () => {
  describeBlobStore(() => startBucket({ isExclusive: false }), {
    skip: [{ test: "lets exactly one of concurrent puts of one name win", reason: "the server replaces objects" }],
  });

  test("says so once, and in its traits", async () => {
    await using bench = await startBucket({ isExclusive: false });
    await bench.store.put("config", Buffer.from("x"));
    await bench.store.put("points/a", Buffer.from("x"));
    expect(bench.warnings).toEqual([
      "warning: the store at s3://backups/ replaces objects where it should refuse; never make one repository there from two places at once",
    ]);
    expect(await bench.store.readTraits?.()).toMatchObject({ hasExclusiveCreate: false });
  });
});

test("a server that honours conditional puts is asked once, and told by one request the next time", async () => {
  await using bench = await startBucket();
  await bench.store.put("config", Buffer.from("x"));
  await bench.store.put("points/a", Buffer.from("x"));
  await bench.open().put("points/b", Buffer.from("x"));
  expect(bench.fake.requests).toEqual([
    "PUT exclusive.probe",
    "PUT exclusive.probe",
    "PUT config",
    "PUT points/a",
    "PUT exclusive.probe",
    "PUT points/b",
  ]);
  expect(bench.warnings).toEqual([]);
});

test("a lock is put on packs, index objects and points, read back, and keeps them from being deleted", async () => {
  let nowMs = Date.UTC(2026, 0, 2);
  await using bench = await startBucket(
    { hasObjectLock: true, nowMs: () => nowMs },
    { query: "&lock=compliance&lock-days=30" },
  );
  const names = ["config", "packs/ab/abc", "index/a", "points/a"];
  for (const name of names) await bench.store.put(name, Buffer.from(name));
  const untilMs = Date.UTC(2026, 0, 31);
  const lock = { mode: "COMPLIANCE", untilMs };
  expect(names.map((name) => bench.bucket.get(name).at(-1).lock)).toEqual([null, lock, lock, lock]);
  await expect(bench.store.delete("points/a")).rejects.toMatchObject({ code: "repository.store.locked" });
  expect(Buffer.from(await bench.store.get("points/a")).toString()).toBe("points/a");
  expect(await bench.store.readTraits?.()).toEqual({
    hasExclusiveCreate: true,
    objectLock: {
      isEnabled: true,
      wanted: { mode: "compliance", days: 30 },
      byBucket: null,
      example: { object: "points/a", mode: "compliance", untilMs },
    },
    medium: null,
  });
  nowMs = untilMs;
  await bench.store.delete("points/a");
  expect(bench.bucket.get("points/a")).toEqual([]);
});

test("a lock that the server refuses or forgets fails the put", async () => {
  const query = "&lock=compliance&lock-days=30";
  await using refusing = await startBucket({}, { query });
  await refusing.store.put("config", Buffer.from("x"));
  await expect(refusing.store.put("packs/ab/abc", Buffer.from("x"))).rejects.toMatchObject({
    code: "repository.store.refused",
  });
  await using forgetting = await startBucket({ forgetsLocks: true }, { query });
  await expect(forgetting.store.put("packs/ab/abc", Buffer.from("x"))).rejects.toMatchObject({
    code: "repository.store.not-locked",
  });
});

test("a put with a lock carries MD5, and SHA-256 where FIPS rules", async () => {
  const bytes = Buffer.alloc(5_000_000, 7);
  expect(await lockChecksum(bytes, false)).toEqual({ ContentMD5: "oqkXqiLjT7OVaCAW1TAN+A==" });
  expect(await lockChecksum(Buffer.from("abc"), true)).toEqual({
    ChecksumSHA256: "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
  });
});

/** Meets each fault once, in order, at requests of a key. */
function faultsAt(key: string, method: string, faults: S3Fault[]): FakeS3Options {
  return { fault: (at, name) => (at === method && name === key ? faults.shift() : undefined) };
}

test("a put whose answer was lost finds its own object when it is sent again", async () => {
  const faults: S3Fault[] = [{ kind: "lose-answer" }];
  await using bench = await startBucket(faultsAt("config", "PUT", faults));
  await bench.store.put("config", Buffer.from("mine"));
  expect(faults).toEqual([]);
  expect(Buffer.from(await bench.store.get("config")).toString()).toBe("mine");
  await expect(bench.store.put("config", Buffer.from("other"))).rejects.toMatchObject({
    code: "repository.store.exists",
  });
});

test("a put beside another one that then fails is tried again", async () => {
  const faults: S3Fault[] = [{ kind: "answer", status: 409, code: "ConditionalRequestConflict" }];
  await using bench = await startBucket(faultsAt("config", "PUT", faults));
  await bench.store.put("config", Buffer.from("mine"));
  expect(faults).toEqual([]);
  expect(Buffer.from(await bench.store.get("config")).toString()).toBe("mine");
});

test("a body that breaks off is read again, and told as unreachable when it never ends", async () => {
  const faults: S3Fault[] = [{ kind: "break-off" }];
  await using bench = await startBucket(faultsAt("config", "GET", faults));
  await bench.store.put("config", Buffer.from("whole"));
  expect(Buffer.from(await bench.store.get("config")).toString()).toBe("whole");
  expect(faults).toEqual([]);
  faults.push(...Array.from({ length: 4 }, () => ({ kind: "break-off" }) as const));
  await expect(bench.store.get("config")).rejects.toMatchObject({
    code: "repository.store.unreachable",
    isRetryable: true,
  });
  expect(faults).toEqual([]);
});

test("a full store, a busy one and an unknown answer are told apart", async () => {
  for (const [status, serviceCode, code] of [
    [507, "InsufficientStorage", "repository.store.full"],
    [403, "QuotaExceeded", "repository.store.full"],
    [403, "RequestTimeTooSkewed", "repository.store.denied"],
    [400, "EntityTooLarge", "repository.store.refused"],
  ] as const) {
    const fault: S3Fault = { kind: "answer", status, code: serviceCode };
    await using bench = await startBucket(faultsAt("packs/ab/abc", "PUT", [fault]));
    await expect(bench.store.put("packs/ab/abc", Buffer.from("x"))).rejects.toMatchObject({ code });
  }
});

test("a bucket that is not there is told, and not taken for an empty store", async () => {
  await using bench = await startBucket();
  bench.fake.buckets.clear();
  const expected = { code: "repository.store.no-container" };
  await expect(bench.store.size("config")).rejects.toMatchObject(expected);
  await expect(bench.store.get("config")).rejects.toMatchObject(expected);
  await expect(bench.store.put("config", Buffer.from("x"))).rejects.toMatchObject(expected);
  await expect(Array.fromAsync(bench.store.list(""))).rejects.toMatchObject(expected);
});

test("a wrong key is told as refused, and never shown", async () => {
  await using bench = await startBucket();
  const store = bench.open({ accessKeyId: "AKFAKE", secretAccessKey: new Secret("hush-hush") });
  const raised = await store.get("config").catch((error: unknown) => error);
  expect(raised).toMatchObject({ code: "repository.store.denied" });
  expect(inspect(raised, { depth: 10 })).not.toMatch(/hush|Signature=/);
  await expect(store.size("config")).rejects.toMatchObject({ code: "repository.store.denied" });
});

test("a store that does not answer is told as unreachable", async () => {
  const bench = await startBucket();
  await bench[Symbol.asyncDispose]();
  await expect(bench.store.size("config")).rejects.toMatchObject({
    code: "repository.store.unreachable",
    isRetryable: true,
  });
});

test("the listing is asked for page by page", async () => {
  await using bench = await startBucket({ pageSize: 2 });
  const names = ["index/a", "index/b", "index/c", "index/d", "index/e"];
  for (const name of names) await bench.store.put(name, Buffer.from("x"));
  expect(await Array.fromAsync(bench.store.list("index/"))).toEqual(names);
  expect(bench.fake.requests.filter((line) => line === "GET ")).toHaveLength(3);
});
