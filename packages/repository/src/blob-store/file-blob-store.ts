import { link, mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HoldfastError, invariant } from "@holdfast/kernel";
import type { ByteRange, Random } from "@holdfast/kernel";
import { objectExists, objectMissing, objectShort } from "./blob-store.ts";
import type { BlobStore } from "./blob-store.ts";

/**
 * Keeps objects as files under a folder (0700, files 0600). A put writes a file in `tmp/`, makes it durable, links it to
 * its name, which fails where the name is taken, and makes the folder durable. A killed put leaves a file in `tmp/` only.
 */
export function createFileBlobStore(root: string, random: Random): BlobStore {
  const pathOf = (name: string): string => {
    invariant(/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/.test(name), `object name ${JSON.stringify(name)} is not allowed`);
    return join(root, name);
  };
  return {
    async put(name, bytes, options) {
      options?.signal?.throwIfAborted();
      const path = pathOf(name);
      const temporary = join(root, "tmp", random.uuid());
      try {
        await makeFolder(root, join(root, "tmp"));
        await makeFolder(root, dirname(path));
        await writeDurably(temporary, bytes);
        await link(temporary, path);
        await syncFolder(dirname(path));
      } catch (error) {
        throw putError(name, error);
      } finally {
        await rm(temporary, { force: true });
      }
    },
    async get(name, range, options) {
      options?.signal?.throwIfAborted();
      return readFileRange(pathOf(name), name, range);
    },
    async size(name, options) {
      options?.signal?.throwIfAborted();
      try {
        return (await stat(pathOf(name))).size;
      } catch (error) {
        if (codeOf(error) === "ENOENT") return null;
        throw error;
      }
    },
    async *list(prefix, options) {
      options?.signal?.throwIfAborted();
      for await (const name of walk(root, "")) {
        options?.signal?.throwIfAborted();
        if (name.startsWith(prefix) && !name.startsWith("tmp/")) yield name;
      }
    },
    async delete(name, options) {
      options?.signal?.throwIfAborted();
      await rm(pathOf(name), { force: true });
    },
  };
}

async function readFileRange(path: string, name: string, range?: ByteRange): Promise<Uint8Array> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw codeOf(error) === "ENOENT" ? objectMissing(name, error) : error;
  });
  try {
    const start = range?.start ?? 0;
    const bytes = new Uint8Array((range?.end ?? (await file.stat()).size) - start);
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

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

async function* walk(root: string, folder: string): AsyncGenerator<string> {
  let entries;
  try {
    entries = await readdir(join(root, folder), { withFileTypes: true });
  } catch (error) {
    // Nothing was ever put: an empty store.
    if (folder === "" && codeOf(error) === "ENOENT") return;
    throw error;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(root, name);
    else yield name;
  }
}

/** Creates what is missing down from the root; a new folder is durable in its parent before anything is put in it. */
async function makeFolder(root: string, folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let at = folder; at.length >= Math.min(root.length, first.length); at = dirname(at))
    await syncFolder(dirname(at));
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function putError(name: string, error: unknown): unknown {
  const code = codeOf(error);
  if (code === "EEXIST") return objectExists(name, error);
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  return new HoldfastError({
    code: "repository.store.full",
    message: `${name}: the store has no room left`,
    advice: "Free room in the store, then run the backup again; points published before are not touched.",
    details: { object: name },
    isRetryable: true,
    cause: error,
  });
}
