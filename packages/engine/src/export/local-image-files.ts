import { link, open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { HoldfastError } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";
import type { ImageFile, ImageFiles } from "../ports/image-files.ts";

/** Image files in the local file system, readable by their owner only: they hold a guest's data in the clear. */
export function createLocalImageFiles(random: Random): ImageFiles {
  return {
    async create(path, sizeBytes) {
      await refuseExisting(path);
      const partial = `${path}.${random.uuid()}.part`;
      const handle = await open(partial, "wx", 0o600);
      try {
        await handle.truncate(sizeBytes);
      } catch (error) {
        await handle.close();
        await rm(partial, { force: true });
        throw error;
      }
      return createFile(path, partial, handle);
    },
  };
}

function createFile(path: string, partial: string, handle: FileHandle): ImageFile {
  const converted = `${partial}.converted`;
  let finished = partial;
  return {
    async write(offsetBytes, data) {
      for (let done = 0; done < data.length;) {
        done += (await handle.write(data, done, data.length - done, offsetBytes + done)).bytesWritten;
      }
    },
    async convert(work) {
      await handle.sync();
      await work(partial, converted);
      finished = converted;
    },
    async commit() {
      await syncFile(finished);
      try {
        // A link, unlike a rename, never overwrites.
        await link(finished, path);
      } catch (error) {
        if (hasCode(error, "EEXIST")) throw existing(path, error);
        throw error;
      }
      await syncFile(dirname(path));
    },
    async [Symbol.asyncDispose]() {
      await handle.close();
      await rm(partial, { force: true });
      await rm(converted, { force: true });
    },
  };
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function refuseExisting(path: string): Promise<void> {
  try {
    await (await open(path, "r")).close();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  throw existing(path);
}

function existing(path: string, cause?: unknown): HoldfastError {
  return new HoldfastError({
    code: "engine.export.file-exists",
    message: `the file ${path} exists`,
    advice: "Choose another name, or remove the file.",
    cause,
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
