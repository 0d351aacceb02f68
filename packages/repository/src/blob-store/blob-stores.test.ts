import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "@holdfast/kernel/testing";
import { describe } from "vitest";
import { describeBlobStore } from "../testing/describe-blob-store.ts";
import { createFileBlobStore } from "./file-blob-store.ts";
import { InMemoryBlobStore } from "./in-memory-blob-store.ts";

describe("InMemoryBlobStore", () => {
  describeBlobStore(async () => ({ store: new InMemoryBlobStore(), [Symbol.asyncDispose]: async () => {} }));
});

describe("createFileBlobStore", () => {
  describeBlobStore(async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-store-"));
    return {
      store: createFileBlobStore(join(folder, "repo"), new SeededRandom(1)),
      other: createFileBlobStore(join(folder, "repo"), new SeededRandom(2)),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
    };
  });
});
