import { execFileSync } from "node:child_process";
import * as nodeFiles from "node:fs/promises";
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "@holdfast/kernel/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BlobStore } from "./blob-store.ts";
import { createFileBlobStore } from "./file-blob-store.ts";

let folder: string;
let root: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-files-"));
  root = join(folder, "repo");
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const bytes = Buffer.from("bytes");

async function listed(store: BlobStore): Promise<string[]> {
  return await Array.fromAsync(store.list(""));
}

test("what killed puts left is never listed, and goes once it is a day old", async () => {
  await mkdir(join(root, "tmp"), { recursive: true });
  const hoursAgo = (hours: number): Date => new Date(nodeFilesNow() - hours * 3_600_000);
  for (const [name, age] of [
    ["dead", 25],
    ["alive", 23],
  ] as const) {
    await writeFile(join(root, "tmp", name), bytes);
    await utimes(join(root, "tmp", name), hoursAgo(age), hoursAgo(age));
  }
  const store = createFileBlobStore(root, new SeededRandom(1));
  expect(await listed(store)).toEqual([]);
  await store.put("config", bytes);
  expect(await listed(store)).toEqual(["config"]);
  expect(await readdir(join(root, "tmp"))).toEqual(["alive"]);
});

function nodeFilesNow(): number {
  return performance.timeOrigin + performance.now();
}

test("files and folders are open to their owner only", async () => {
  await createFileBlobStore(root, new SeededRandom(1)).put("points/p", bytes);
  const modes = await Promise.all(
    ["", "points", "tmp", "points/p"].map(async (name) => (await stat(join(root, name))).mode),
  );
  expect(modes.map((mode) => (mode & 0o777).toString(8))).toEqual(["700", "700", "700", "600"]);
});

for (const fate of ["vanished", "replaced by an empty one"]) {
  test(`a folder that ${fate} is not taken for an empty store`, async () => {
    const store = createFileBlobStore(root, new SeededRandom(1));
    await store.put("config", bytes);
    await rename(root, join(folder, "elsewhere"));
    if (fate !== "vanished") await mkdir(root);
    const gone = { code: "repository.store.gone" };
    await expect(listed(store)).rejects.toMatchObject(gone);
    await expect(store.size("config")).rejects.toMatchObject(gone);
    await expect(store.get("config")).rejects.toMatchObject(gone);
    await expect(store.delete("config")).rejects.toMatchObject(gone);
    await expect(store.put("points/p", bytes)).rejects.toMatchObject(gone);
    if (fate === "vanished") await expect(stat(root)).rejects.toMatchObject({ code: "ENOENT" });
    else expect(await readdir(root)).toEqual([]);
  });
}

for (const code of ["ENOSPC", "EDQUOT", "EIO"]) {
  for (const failing of ["open", "link", "mkdir"] as const) {
    test(`${code} at ${failing} is told as it is and leaves nothing`, async () => {
      await createFileBlobStore(root, new SeededRandom(1)).put("config", bytes);
      const fail = async (): Promise<never> => {
        throw Object.assign(new Error(code), { code });
      };
      const store = createFileBlobStore(root, new SeededRandom(2), { ...nodeFiles, [failing]: fail });
      const expected = code === "EIO" ? "EIO" : "repository.store.full";
      await expect(store.put("points/p", bytes)).rejects.toMatchObject({ code: expected });
      const reopened = createFileBlobStore(root, new SeededRandom(3));
      expect(await listed(reopened)).toEqual(["config"]);
      expect(await readdir(join(root, "tmp"))).toEqual([]);
    });
  }
}

test.runIf(canMount())("a full disk is told as full, leaves nothing, and works again once there is room", async () => {
  const mounted = join(folder, "small");
  await mkdir(mounted);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mounted]);
  try {
    const store = createFileBlobStore(join(mounted, "repo"), new SeededRandom(1));
    await store.put("packs/00/a", Buffer.alloc(600_000, 1));
    const full = { code: "repository.store.full", isRetryable: true };
    await expect(store.put("packs/00/b", Buffer.alloc(600_000, 2))).rejects.toMatchObject(full);
    expect(await listed(store)).toEqual(["packs/00/a"]);
    expect(await readdir(join(mounted, "repo", "tmp"))).toEqual([]);
    await store.delete("packs/00/a");
    await store.put("packs/00/b", Buffer.alloc(600_000, 2));
    expect(await store.size("packs/00/b")).toBe(600_000);
  } finally {
    execFileSync("umount", [mounted]);
  }
});

/** Mounting takes root and a kernel that allows it; elsewhere the tests with a failing `FileAccess` stand for it. */
function canMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  const trial = join(tmpdir(), `holdfast-mount-${process.pid}`);
  try {
    execFileSync("sh", ["-c", `mkdir ${trial} && mount -t tmpfs tmpfs ${trial} && umount ${trial}`], {
      stdio: "ignore",
    });
    return true;
  } catch {
    // Not allowed here: a container without the right to mount.
    return false;
  } finally {
    execFileSync("sh", ["-c", `rmdir ${trial} 2>/dev/null || true`]);
  }
}

test("a file that the client of SMB refuses to open under its new name is opened once the old name is gone", async () => {
  const refused = Object.assign(new Error("EINVAL: invalid argument"), { code: "EINVAL" });
  let refusals = 3;
  const files = {
    ...nodeFiles,
    async open(...call: Parameters<typeof nodeFiles.open>) {
      if (call[1] === "r" && String(call[0]).endsWith("points/p") && refusals > 0) {
        refusals -= 1;
        throw refused;
      }
      return await nodeFiles.open(...call);
    },
  };
  const store = createFileBlobStore(root, new SeededRandom(1), files);
  await store.put("points/p", bytes);
  expect(Buffer.from(await store.get("points/p"))).toEqual(bytes);
  expect(refusals).toBe(0);
  refusals = Infinity;
  const stop = new AbortController();
  const reading = store.get("points/p", undefined, { signal: stop.signal });
  stop.abort(new Error("enough"));
  await expect(reading).rejects.toThrow("enough");
  await expect(store.get("points/p")).rejects.toBe(refused);
});
