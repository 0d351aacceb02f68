import * as nodeFiles from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { hasErrorCode } from "@holdfast/kernel";
import type { ByteRange, Random } from "@holdfast/kernel";
import { objectExists, objectMissing, objectShort, refuseTooLarge, storeFull, storeGone } from "./blob-store.ts";
import type { BlobOptions, BlobStore, GetOptions, StoreTraits } from "./blob-store.ts";
import { createDurableWriter } from "./durable-file.ts";
import { readFileMedium } from "./file-medium.ts";
import { checkObjectName } from "./object-name.ts";

/** Two seconds: the client keeps a file open for one after its last use. */
const leaseTries = 100;
const leaseWaitMs = 20;

/** What the store uses of `node:fs/promises`; tests put a disk in its place that fails. */
export type FileAccess = Pick<typeof nodeFiles, "link" | "mkdir" | "open" | "readdir" | "rm" | "rmdir" | "stat">;

/** A put writes 256 MiB at most, so no put of a living writer is this old; a sleeping machine may stretch one. */
const leftoverAgeMs = 24 * 60 * 60 * 1000;

/**
 * Keeps objects as files under a folder (0700, files 0600). A put writes a file in `tmp/`, makes it durable, links it to
 * its name, which fails where the name is taken, and makes the folder durable. A killed put leaves a file in `tmp/` only:
 * it is never listed, and the first put of a later store removes it once it is 24 hours old by the file system's clock.
 * Once the folder was seen, another in its place (a share that is not mounted any more) raises `repository.store.gone`.
 */
export function createFileBlobStore(root: string, random: Random, files: FileAccess = nodeFiles): BlobStore {
  const pathOf = (name: string): string => join(root, checkObjectName(name));
  const checkRoot = createRootCheck(root, files);
  const putNew = createPut(root, random, files);
  return {
    async put(name, bytes, options) {
      options?.signal?.throwIfAborted();
      const path = pathOf(name);
      await checkRoot();
      try {
        await putNew(path, bytes);
      } catch (error) {
        throw putError(name, error);
      }
      await checkRoot();
    },
    async get(name, range, options) {
      options?.signal?.throwIfAborted();
      const path = pathOf(name);
      try {
        return await readFileRange(files, { path, name }, range, options);
      } catch (error) {
        if (hasErrorCode(error, "repository.store.missing")) await checkRoot();
        throw error;
      }
    },
    async size(name, options) {
      options?.signal?.throwIfAborted();
      const path = pathOf(name);
      await checkRoot();
      try {
        const found = await files.stat(path);
        return found.isFile() ? found.size : null;
      } catch (error) {
        if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
        throw error;
      }
    },
    async *list(prefix, options) {
      options?.signal?.throwIfAborted();
      await checkRoot();
      // Only the folder that can have such names: the packs of a large repository fill very many others.
      for await (const name of walkFrom(files, root, prefix.slice(0, Math.max(0, prefix.lastIndexOf("/"))))) {
        options?.signal?.throwIfAborted();
        if (name.startsWith(prefix) && !name.startsWith("tmp/")) yield name;
      }
      await checkRoot();
    },
    async delete(name, options) {
      options?.signal?.throwIfAborted();
      const path = pathOf(name);
      await checkRoot();
      await files.rm(path, { force: true });
    },
    readTraits: () => readFileTraits(root),
    removeTraces: async () => await removeEmptyFolders(files, root),
  };
}

async function readFileTraits(root: string): Promise<StoreTraits> {
  const medium = await readFileMedium(root).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  });
  return { hasExclusiveCreate: true, objectLock: null, medium };
}

async function removeEmptyFolders(files: FileAccess, folder: string): Promise<void> {
  try {
    for (const entry of await files.readdir(folder, { withFileTypes: true }))
      if (entry.isDirectory()) await removeEmptyFolders(files, join(folder, entry.name));
    await files.rmdir(folder);
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(String(codeOf(error)))) throw error;
  }
}

/** Puts files, and with the first one removes what killed puts left. */
function createPut(root: string, random: Random, files: FileAccess) {
  const write = createDurableWriter(files);
  const folder = join(root, "tmp");
  let isSwept = false;
  return async (path: string, bytes: Uint8Array): Promise<void> => {
    const nowMs = await putFile({ files, write }, { root, path, temporary: join(folder, random.uuid()) }, bytes);
    if (!isSwept) await removeLeftovers(files, folder, nowMs - leftoverAgeMs);
    isSwept = true;
  };
}

/** Remembers which folder the root is when it first is there, and raises where it is another later. */
function createRootCheck(root: string, files: FileAccess): () => Promise<void> {
  let known: string | undefined;
  return async () => {
    try {
      const { dev, ino } = await files.stat(root);
      const seen = `${dev} ${ino}`;
      known ??= seen;
      if (known !== seen) throw storeGone(root);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      if (known !== undefined) throw storeGone(root, error);
    }
  };
}

async function readFileRange(
  files: FileAccess,
  { path, name }: { readonly path: string; readonly name: string },
  range: ByteRange | undefined,
  options: GetOptions = {},
): Promise<Uint8Array> {
  const { into } = options;
  const file = await openToRead(files, path, options).catch((error: unknown) => {
    throw codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR" ? objectMissing(name, error) : error;
  });
  try {
    // Reading tells where the file ends; an empty range reads nothing.
    const asksNothing = range !== undefined && range.end === range.start;
    const size = range === undefined || asksNothing ? (await file.stat()).size : Number.POSITIVE_INFINITY;
    if (range === undefined) refuseTooLarge(name, size, options);
    const { start, end } = range ?? { start: 0, end: size };
    if (end > size) throw objectShort(name);
    const bytes = into === undefined ? new Uint8Array(end - start) : into.subarray(0, end - start);
    for (let done = 0; done < bytes.length;) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
      if (bytesRead === 0) throw objectShort(name);
      done += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/**
 * Opens a file; over SMB as often as it takes. The client of Linux refuses the new name of a file that is still open under
 * its name in `tmp/` on the same mount (`EINVAL`: one lease for two names), which lasts until a put has removed that name.
 */
async function openToRead(files: FileAccess, path: string, { signal }: BlobOptions): Promise<nodeFiles.FileHandle> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await files.open(path, "r");
    } catch (error) {
      if (codeOf(error) !== "EINVAL" || tries === leaseTries) throw error;
      await wait(leaseWaitMs);
      signal?.throwIfAborted();
    }
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

async function* walkFrom(files: FileAccess, root: string, folder: string): AsyncGenerator<string> {
  if (folder !== "") checkObjectName(folder);
  const found = await files.stat(join(root, folder)).catch((error: unknown) => {
    // Nothing was ever put there.
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
    throw error;
  });
  if (found?.isDirectory() === true) yield* walk(files, root, folder);
}

async function* walk(files: FileAccess, root: string, folder: string): AsyncGenerator<string> {
  const entries = await files.readdir(join(root, folder), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(files, root, name);
    else yield name;
  }
}

/** Answers when the file was written, by the clock of the file system. */
async function putFile(
  { files, write }: { readonly files: FileAccess; readonly write: ReturnType<typeof createDurableWriter> },
  at: { readonly root: string; readonly path: string; readonly temporary: string },
  bytes: Uint8Array,
): Promise<number> {
  try {
    await makeFolder(files, at.root, dirname(at.temporary));
    await makeFolder(files, at.root, dirname(at.path));
    const nowMs = await write(at.temporary, bytes);
    await files.link(at.temporary, at.path);
    await syncFolder(files, dirname(at.path));
    return nowMs;
  } finally {
    await files.rm(at.temporary, { force: true });
  }
}

/** Creates what is missing down from the root; a new folder is durable in its parent before anything is put in it. */
async function makeFolder(files: FileAccess, root: string, folder: string): Promise<void> {
  const first = await files.mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let at = folder; at.length >= Math.min(root.length, first.length); at = dirname(at))
    await syncFolder(files, dirname(at));
}

async function removeLeftovers(files: FileAccess, folder: string, beforeMs: number): Promise<void> {
  for (const name of await files.readdir(folder)) {
    const path = join(folder, name);
    const found = await files.stat(path).catch((error: unknown) => {
      // Its writer finished in the meantime.
      if (codeOf(error) === "ENOENT") return null;
      throw error;
    });
    if (found !== null && found.mtimeMs < beforeMs) await files.rm(path, { force: true });
  }
}

async function syncFolder(files: FileAccess, path: string): Promise<void> {
  const folder = await files.open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function putError(name: string, error: unknown): unknown {
  const code = codeOf(error);
  if (code === "EEXIST") return objectExists(name, error);
  return code === "ENOSPC" || code === "EDQUOT" ? storeFull(name, error) : error;
}
