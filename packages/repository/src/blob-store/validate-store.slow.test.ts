import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HoldfastError, Secret } from "@holdfast/kernel";
import { FakeClock, SeededRandom, SkippingClock } from "@holdfast/kernel/testing";
import { describe, expect, test } from "vitest";
import { fakeS3Account, startFakeS3 } from "../testing/fake-s3-server.ts";
import type { BlobStore } from "./blob-store.ts";
import { createFileBlobStore } from "./file-blob-store.ts";
import { InMemoryBlobStore } from "./in-memory-blob-store.ts";
import { createS3BlobStore } from "./s3-blob-store.ts";
import { validateStore } from "./validate-store.ts";

/** Stores in memory, one a folder, each spoilt in one way. */
function validateSpoilt(spoil: (store: InMemoryBlobStore) => BlobStore) {
  const stores = new Map<string, BlobStore>();
  const openFolder = async (folder: string): Promise<BlobStore> => {
    const store = stores.get(folder) ?? spoil(new InMemoryBlobStore());
    stores.set(folder, store);
    return store;
  };
  return validateStore("s", { openFolder, openLocked: null, clock: new FakeClock(), random: new SeededRandom(1) });
}

const broken = (verdict: Awaited<ReturnType<typeof validateSpoilt>>): string[] =>
  verdict.obligations.filter(({ holds }) => !holds).map(({ name }) => name);

test("a folder is sound, is measured, and nothing is left in it", async () => {
  const root = await mkdtemp(join(tmpdir(), "holdfast-validate-"));
  try {
    const random = new SeededRandom(2);
    const openFolder = async (folder: string) => createFileBlobStore(join(root, folder), random);
    const clock = { now: () => 0, monotonicMs: () => performance.now(), sleep: async () => undefined };
    const verdict = await validateStore("s", { openFolder, openLocked: null, clock, random });
    expect(verdict).toMatchObject({ verdict: "sound", leftCount: 0, traits: { hasExclusiveCreate: true } });
    expect(broken(verdict)).toEqual([]);
    expect(verdict.rates?.putBytesPerSecond).toBeGreaterThan(0);
    expect(await readdir(root)).toEqual([]);
  } finally {
    await rm(root, { recursive: true });
  }
});

describe("a store that breaks one promise is named by it", () => {
  test("one that replaces", async () => {
    const verdict = await validateSpoilt((store) =>
      Object.assign(store, { put: async (name: string, bytes: Uint8Array) => void store.objects.set(name, bytes) }),
    );
    expect(verdict.verdict).toBe("unfit");
    expect(broken(verdict)).toContain("never replaces an object");
    expect(broken(verdict)).toContain("keeps its own copy of the bytes");
  });

  test("one that cuts its listing off", async () => {
    const verdict = await validateSpoilt((store) =>
      Object.assign(store, {
        async *list(prefix: string) {
          yield* [...store.objects.keys()].filter((name) => name.startsWith(prefix)).slice(0, 1000);
        },
      }),
    );
    expect(broken(verdict)).toContain("lists more names than fit in a page, and each once");
  });

  test("one that shows another client an old listing", async () => {
    const verdict = await validateSpoilt((store) => {
      let shown: string[] = [];
      return Object.assign(store, {
        async *list(prefix: string) {
          const before = shown;
          shown = [...store.objects.keys()];
          yield* before.filter((name) => name.startsWith(prefix));
        },
      });
    });
    expect(broken(verdict)).toContain("shows what was put to another client at once");
  });

  test("one that deletes nothing keeps what was put, and says how much", async () => {
    const verdict = await validateSpoilt((store) =>
      Object.assign(store, {
        delete: async () => {
          throw new HoldfastError({ code: "repository.store.refused", message: "no", advice: "None." });
        },
      }),
    );
    expect(verdict.verdict).toBe("unfit");
    expect(verdict.leftCount).toBeGreaterThan(1000);
  });
});

test("a bucket that ignores conditions is weak; one whose lock is asked for and forgotten is unfit", async () => {
  for (const { isExclusive, forgetsLocks, lock, expected } of [
    { isExclusive: false, forgetsLocks: false, lock: "", expected: "weak" },
    { isExclusive: true, forgetsLocks: true, lock: "&lock=compliance&lock-days=1", expected: "unfit" },
  ]) {
    await using fake = await startFakeS3({ isExclusive, forgetsLocks });
    const bucket = new Map();
    fake.buckets.set("backups", bucket);
    const deps = { random: new SeededRandom(3), clock: new SkippingClock() };
    const secretAccessKey = new Secret(fakeS3Account.secretAccessKey);
    const open = (query: string) => async (folder: string) =>
      createS3BlobStore(
        `s3://backups/${folder}?endpoint=${fake.endpoint}${query}`,
        { accessKeyId: fakeS3Account.accessKeyId, secretAccessKey },
        deps,
      );
    const openLocked = lock === "" ? null : open(lock);
    const verdict = await validateStore("s", { ...deps, openFolder: open(""), openLocked });
    expect(verdict.verdict).toBe(expected);
    expect(broken(verdict)).toEqual([
      lock === ""
        ? "lets exactly one of concurrent puts of one name win"
        : "locks what it is asked to lock, and refuses to delete it",
    ]);
    expect([...bucket.keys()]).toEqual([]);
  }
});

test("a bucket that locks keeps one small object of the trial, and is sound", async () => {
  await using fake = await startFakeS3({ hasObjectLock: true, nowMs: () => Date.UTC(2026, 0, 1) });
  const bucket = new Map();
  fake.buckets.set("backups", bucket);
  const deps = { random: new SeededRandom(3), clock: new SkippingClock() };
  const secretAccessKey = new Secret(fakeS3Account.secretAccessKey);
  const open = (query: string) => async (folder: string) =>
    createS3BlobStore(
      `s3://backups/${folder}?endpoint=${fake.endpoint}${query}`,
      { accessKeyId: fakeS3Account.accessKeyId, secretAccessKey },
      deps,
    );
  const openLocked = open("&lock=compliance&lock-days=1");
  const verdict = await validateStore("s", { ...deps, openFolder: open(""), openLocked });
  expect(verdict).toMatchObject({ verdict: "sound", leftCount: 1 });
});

test("a bucket that is not there is an error, and no verdict", async () => {
  await using fake = await startFakeS3();
  const deps = { random: new SeededRandom(3), clock: new SkippingClock() };
  const credential = { accessKeyId: fakeS3Account.accessKeyId, secretAccessKey: new Secret("x") };
  const openFolder = async (folder: string) =>
    createS3BlobStore(`s3://backups/${folder}?endpoint=${fake.endpoint}`, credential, deps);
  await expect(validateStore("s", { ...deps, openFolder, openLocked: null })).rejects.toMatchObject({
    code: "repository.store.denied",
  });
});
