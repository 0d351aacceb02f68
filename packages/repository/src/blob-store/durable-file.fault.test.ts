import { constants } from "node:fs";
import * as nodeFiles from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSharedBuffers, MiB } from "@holdfast/kernel";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDurableWriter } from "./durable-file.ts";
import type { FileAccess } from "./file-blob-store.ts";

let folder: string;
beforeEach(async () => {
  folder = await nodeFiles.mkdtemp(join(tmpdir(), "holdfast-durable-"));
});
afterEach(async () => {
  await nodeFiles.rm(folder, { recursive: true });
});

/** Bytes in memory of an arena, of a length that is no whole block. */
function sharedBytes(): Uint8Array {
  const [buffer] = createSharedBuffers(1, 2 * MiB);
  crypto.getRandomValues(new Uint8Array(1000)).forEach((byte, i) => buffer!.fill(byte, i * 1000, (i + 1) * 1000));
  return buffer!.subarray(0, MiB + 777);
}

/** Files that note how each was opened, and refuse direct I/O at a step. */
function watched(refuseAt: "open" | "write" | null): FileAccess & { readonly flags: number[] } {
  const flags: number[] = [];
  const invalid = Object.assign(new Error("EINVAL"), { code: "EINVAL" });
  const open: FileAccess["open"] = async (path, flag, mode) => {
    flags.push(Number(flag));
    const isDirect = (Number(flag) & constants.O_DIRECT) !== 0;
    const file = await nodeFiles.open(path, isDirect ? Number(flag) & ~constants.O_DIRECT : flag, mode);
    if (isDirect && refuseAt === "open") {
      await file.close();
      throw invalid;
    }
    if (isDirect && refuseAt === "write") file.write = () => Promise.reject(invalid);
    return file;
  };
  return { ...nodeFiles, open, flags };
}

test("shared memory is written past the page cache, and the file has the bytes and no more", async () => {
  const files = watched(null);
  const bytes = sharedBytes();
  await createDurableWriter(files)(join(folder, "f"), bytes);
  expect(files.flags.map((flag) => (flag & constants.O_DIRECT) !== 0)).toEqual([true]);
  expect((await nodeFiles.readFile(join(folder, "f"))).equals(Buffer.from(bytes))).toBe(true);
});

for (const step of ["open", "write"] as const) {
  test(`a file system that refuses direct I/O at ${step} gets every file through the cache`, async () => {
    const files = watched(step);
    const bytes = sharedBytes();
    const write = createDurableWriter(files);
    for (const name of ["first", "second"]) {
      await write(join(folder, name), bytes);
      expect((await nodeFiles.readFile(join(folder, name))).equals(Buffer.from(bytes))).toBe(true);
    }
    expect(files.flags.map((flag) => (flag & constants.O_DIRECT) !== 0)).toEqual([true, false, false]);
  });
}

test("small bytes and bytes of one process's memory go through the cache", async () => {
  const files = watched(null);
  const write = createDurableWriter(files);
  await write(join(folder, "small"), sharedBytes().subarray(0, 4096));
  await write(join(folder, "own"), new Uint8Array(2 * MiB));
  await write(join(folder, "askew"), sharedBytes().subarray(1));
  expect(files.flags.every((flag) => (flag & constants.O_DIRECT) === 0)).toBe(true);
});
