import { constants } from "node:fs";
import { link, open, readdir, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { HoldfastError } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";
import type { ImageFile, ImageFiles } from "../ports/image-files.ts";

/**
 * Image files in the local file system, readable by their owner only: they hold a guest's data in the clear. What an
 * export to the same name left when it was killed on this host is removed first.
 */
export function createLocalImageFiles(random: Random): ImageFiles {
  return {
    async create(path, sizeBytes) {
      await refuseExisting(path);
      await removeAbandoned(path);
      const partial = `${path}.${hostname()}.${process.pid}.${random.uuid()}.part`;
      const handle = await open(partial, "wx", 0o600);
      try {
        await handle.truncate(sizeBytes);
      } catch (error) {
        await handle.close();
        await rm(partial, { force: true });
        throw error;
      }
      return createFile({ path, partial }, handle, await openDirect(partial));
    },
  };
}

function createFile(
  { path, partial }: { readonly path: string; readonly partial: string },
  handle: FileHandle,
  direct: FileHandle | null,
): ImageFile {
  const converted = `${partial}.converted`;
  let finished = partial;
  return {
    async write(offsetBytes, data) {
      const target = direct !== null && isAligned(offsetBytes, data) ? direct : handle;
      for (let done = 0; done < data.length;) {
        // A write that was cut short may go on at no block's border.
        const to = done === 0 ? target : handle;
        done += (await to.write(data, done, data.length - done, offsetBytes + done)).bytesWritten;
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
      await direct?.close();
      await handle.close();
      await rm(partial, { force: true });
      await rm(converted, { force: true });
    },
  };
}

/** Removes unfinished files of this name whose process on this host is dead; those of other hosts may be alive. */
async function removeAbandoned(path: string): Promise<void> {
  const prefix = `${basename(path)}.${hostname()}.`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix)) continue;
    const [, pid] = /^(\d+)\.[0-9a-f-]{36}\.part(?:\.converted)?$/.exec(name.slice(prefix.length)) ?? [];
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(dirname(path), name), { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process refuses the signal, and so is alive.
    if (hasCode(error, "EPERM")) return true;
    if (hasCode(error, "ESRCH")) return false;
    throw error;
  }
}

/** What direct I/O wants offsets, lengths and memory to be multiples of. */
const blockBytes = 4096;

/** Opens the file past the page cache, which would cost more than all the rest; null where the file system cannot. */
async function openDirect(path: string): Promise<FileHandle | null> {
  if (constants.O_DIRECT === undefined) return null;
  try {
    return await open(path, constants.O_WRONLY | constants.O_DIRECT);
  } catch (error) {
    if (hasCode(error, "EINVAL")) return null;
    throw error;
  }
}

/** Shared memory begins on a page; other memory begins anywhere. */
function isAligned(offsetBytes: number, data: Uint8Array): boolean {
  const numbers = [offsetBytes, data.byteOffset, data.length];
  return data.buffer instanceof SharedArrayBuffer && numbers.every((number) => number % blockBytes === 0);
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
