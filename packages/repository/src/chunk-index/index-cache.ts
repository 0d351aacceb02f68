import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "@holdfast/kernel";
import { createImageBuilder } from "./build-index-image.ts";
import type { ImageBuilder } from "./build-index-image.ts";
import { openIndexImage } from "./index-image.ts";
import type { ImageKeys, IndexImage } from "./index-image.ts";

/** Rows in memory from which on they are worth an image: 250 000 chunks are 61 GiB of a disk and 16 MiB of memory. */
const imageFromRows = 250_000;
const leftoverAgeMs = 24 * 60 * 60 * 1000;

export interface IndexCacheOptions {
  /** A folder for this use alone, on this machine. It may be removed at any time. */
  readonly folder: string;
  readonly random: Random;
  readonly imageFromRows?: number;
}

/** The local image of a repository's index. Nothing depends on it: what is not there, or not whole, is made again. */
export interface IndexCache {
  readonly imageFromRows: number;
  /** Opens the image where there is one whose index objects all are still there; null elsewhere. */
  open(listed: ReadonlySet<string>): IndexImage | null;
  startImage(): ImageBuilder;
}

export function createIndexCache(options: IndexCacheOptions, keys: ImageKeys): IndexCache {
  const path = join(options.folder, `${keys.repositoryId}.index`);
  return {
    imageFromRows: options.imageFromRows ?? imageFromRows,
    open(listed) {
      const image = tryOpen(path, keys);
      // A prune replaced what the image was made of: what it says of packs may be wrong.
      if (image === null || image.covers.every((name) => listed.has(name))) return image;
      image[Symbol.dispose]();
      return null;
    },
    startImage() {
      mkdirSync(options.folder, { recursive: true, mode: 0o700 });
      removeLeftovers(options.folder);
      return createImageBuilder({ folder: options.folder, path }, keys, options.random);
    },
  };
}

/** Removes what killed processes left: a day old by the clock of the file system itself, so no living one has it. */
function removeLeftovers(folder: string): void {
  const probe = mkdtempSync(join(folder, "sort-"));
  const before = statSync(probe).mtimeMs - leftoverAgeMs;
  rmdirSync(probe);
  for (const name of readdirSync(folder)) {
    if (!name.startsWith("sort-") && !name.endsWith(".part")) continue;
    const found = statSync(join(folder, name), { throwIfNoEntry: false });
    if (found !== undefined && found.mtimeMs < before) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function tryOpen(path: string, keys: ImageKeys): IndexImage | null {
  try {
    return openIndexImage(path, keys);
  } catch (error) {
    const isAbsent = error instanceof Error && "code" in error && error.code === "ENOENT";
    // Cut off, changed, of another repository or of an older program: the index objects say the same.
    if (!isAbsent) rmSync(path, { force: true });
    return null;
  }
}
