import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const script = join(import.meta.dirname, "build-inert.sh");
const folder = await mkdtemp(join(tmpdir(), "inert-"));
const environment = { ...process.env, HOLDFAST_GUEST_IMAGES: folder, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` };
const hasTools = await run("mke2fs", ["-V"], { env: environment }).then(
  () => true,
  () => false,
);
// On CI a missing package fails; elsewhere the tests that need it are skipped.
const withTools = describe.skipIf(!hasTools && process.env["CI"] !== "true");

afterAll(() => rm(folder, { recursive: true, force: true }));

withTools("build-inert.sh", () => {
  let image: string;

  beforeAll(async () => {
    image = (await run("sh", [script], { env: environment })).stdout.trim();
  });

  const filesOf = async (disk: string): Promise<string[]> => {
    const { stdout } = await run("debugfs", ["-R", "ls -p /srv/data", `${disk}?offset=1048576`], { env: environment });
    return stdout
      .split("\n")
      .map((line) => line.split("/")[5] ?? "")
      .filter((name) => name.endsWith(".bin"));
  };

  it("makes a sparse disk with a partition of sound ext4, and finds it again at once", async () => {
    const { size, blocks } = await stat(image);
    expect(size).toBe(256 * 1024 * 1024);
    expect(blocks * 512).toBeLessThan(size / 2);
    await run("e2fsck", ["-fn", `${image}?offset=1048576`], { env: environment });
    expect(await filesOf(image)).toHaveLength(40);
    const again = (await run("sh", [script], { env: environment })).stdout.trim();
    expect(again).toBe(image);
    expect((await stat(again)).mtimeMs).toBe((await stat(image)).mtimeMs);
  });

  it("changes some files in each round and leaves the rest of the disk as it was", async () => {
    const disk = join(folder, "changed.raw");
    await copyFile(image, disk);
    for (const round of ["1", "2"]) await run("sh", [script, "change", disk, round], { env: environment });
    const files = await filesOf(disk);
    expect(files).toHaveLength(40);
    expect(files).toEqual(expect.arrayContaining(["new-1.bin", "new-2.bin", "file-21.bin", "file-3.bin"]));
    expect(files).not.toContain("file-1.bin");
    const [before, after] = await Promise.all([readFile(image), readFile(disk)]);
    const pages = before.length / 4096;
    const changed = Array.from({ length: pages }, (_, page) => page * 4096).filter(
      (at) => before.compare(after, at, at + 4096, at, at + 4096) !== 0,
    ).length;
    expect(changed).toBeGreaterThan(500);
    expect(changed).toBeLessThan(pages / 50);
  });
});
