import { spawn } from "node:child_process";
import { access, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ByteRange } from "@holdfast/kernel";

const repositoryFolder = join(import.meta.dirname, "..");

/** The disks that are measured: a Debian server before and after a day of work, and another server. */
export interface Images {
  readonly a1: string;
  readonly a2: string;
  readonly b1: string;
  /** Files of ranges, `{"ranges": [[offset, length], ...]}`: where an image is not empty, and where a2 differs from a1. */
  readonly a1Ranges: string;
  readonly a2Ranges: string;
  readonly b1Ranges: string;
  readonly a2Changed: string;
}

const fileNames: Readonly<Record<keyof Images, string>> = {
  a1: "a1.raw",
  a2: "a2.raw",
  b1: "b1.raw",
  a1Ranges: "a1.ranges.json",
  a2Ranges: "a2.ranges.json",
  b1Ranges: "b1.ranges.json",
  a2Changed: "a2.changed.json",
};

/** Finds the images in `HOLDFAST_DATASET` or `.holdfast/dataset`; builds what is not there by the shared script. */
export async function findImages(say: (line: string) => void): Promise<Images> {
  const folder = process.env["HOLDFAST_DATASET"] ?? join(repositoryFolder, ".holdfast/dataset");
  const images = Object.fromEntries(Object.entries(fileNames).map(([key, name]) => [key, join(folder, name)]));
  const found = await Promise.all(Object.values(images).map(isThere));
  if (!found.every(Boolean)) await buildImages(folder, say);
  return images as unknown as Images;
}

/** Reads a file of ranges. */
export async function readRanges(path: string): Promise<ByteRange[]> {
  const { ranges } = JSON.parse(await readFile(path, "utf8")) as { readonly ranges: readonly [number, number][] };
  return ranges.map(([start, length]) => ({ start, end: start + length }));
}

async function buildImages(folder: string, say: (line: string) => void): Promise<void> {
  const script = join(process.env["HOLDFAST_SHARED"] ?? join(repositoryFolder, "../shared"), "make-dataset.sh");
  if (!(await isThere(script)))
    throw new Error(`no images in ${folder} and no ${script} to build them: name their folder in HOLDFAST_DATASET`);
  say(`Building the Debian images in ${folder}: root, loop devices, 14 GiB and some minutes, once.`);
  await mkdir(folder, { recursive: true });
  for (const target of ["all", "ranges"]) {
    await new Promise<void>((resolve, reject) => {
      const child = spawn("bash", [script, target], { env: { ...process.env, OUT: folder }, stdio: "inherit" });
      child.once("error", reject);
      child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${script} ${target} failed: ${code}`))));
    });
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
