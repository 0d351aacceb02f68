import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ByteRange } from "@holdfast/kernel";

const repositoryFolder = join(import.meta.dirname, "../..");

/** Two states of one bootable Debian disk: before and after a day of work. */
export interface Dataset {
  readonly before: string;
  readonly after: string;
  /** Where the older one is not empty. */
  readonly allocated: readonly ByteRange[];
  /** Where the two differ, as a hypervisor would tell it: 4 KiB steps. */
  readonly changed: readonly ByteRange[];
  readonly sizeBytes: number;
}

/**
 * Finds the images in `HOLDFAST_DATASET` or `.holdfast/dataset`, and has them built by the shared script where they are
 * not there: root, loop devices, 14 GiB and a few minutes.
 */
export async function findDataset(say: (line: string) => void): Promise<Dataset> {
  const folder = process.env["HOLDFAST_DATASET"] ?? join(repositoryFolder, ".holdfast/dataset");
  const files = ["a1.raw", "a2.raw", "a1.ranges.json", "a2.changed.json"].map((name) => join(folder, name));
  if (!(await Promise.all(files.map(isThere))).every(Boolean)) await buildDataset(folder, say);
  const [before = "", after = "", allocated = "", changed = ""] = files;
  const { size: sizeBytes } = await stat(after);
  return { before, after, allocated: await readRanges(allocated), changed: await readRanges(changed), sizeBytes };
}

async function readRanges(file: string): Promise<ByteRange[]> {
  const { ranges } = JSON.parse(await readFile(file, "utf8")) as { readonly ranges: readonly [number, number][] };
  return ranges.map(([start, length]) => ({ start, end: start + length }));
}

async function buildDataset(folder: string, say: (line: string) => void): Promise<void> {
  const shared = process.env["HOLDFAST_SHARED"] ?? join(repositoryFolder, "../shared");
  const script = join(shared, "make-dataset.sh");
  if (!(await isThere(script))) {
    throw new Error(
      `no images in ${folder}, and no ${script} to build them: name a folder with them in HOLDFAST_DATASET`,
    );
  }
  say(`Building the Debian images in ${folder}; this takes some minutes, once.`);
  await mkdir(folder, { recursive: true });
  for (const target of ["a1", "a2", "ranges"]) {
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

/** SHA-256 of the first bytes of a file: of all of it, or of an image before its VHD footer. */
export async function hashFile(path: string, lengthBytes: number): Promise<string> {
  await using file = await open(path);
  const hash = createHash("sha256");
  const piece = Buffer.alloc(4 * 1024 * 1024);
  for (let start = 0; start < lengthBytes;) {
    const { bytesRead } = await file.read(piece, 0, Math.min(piece.length, lengthBytes - start), start);
    if (bytesRead === 0) throw new Error(`${path} ends after ${start} of ${lengthBytes} bytes`);
    hash.update(piece.subarray(0, bytesRead));
    start += bytesRead;
  }
  return hash.digest("hex");
}
