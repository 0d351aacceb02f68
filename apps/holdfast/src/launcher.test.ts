import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const launcher = fileURLToPath(new URL("../bin/holdfast", import.meta.url));

function run(file: string, path: string): Promise<{ readonly exitCode: number; readonly text: string }> {
  return new Promise((resolve) => {
    execFile("/bin/sh", [file, "--version"], { env: { PATH: path } }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), text: stdout + stderr });
    });
  });
}

test("the launcher runs the pinned Node whatever PATH says", async () => {
  expect(await run(launcher, "/usr/bin:/bin")).toEqual({ exitCode: 0, text: "0.1.0\n" });
});

test("the launcher says clearly when the only Node is too old", async () => {
  const root = await mkdtemp(join(tmpdir(), "holdfast-launcher-"));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(root, { recursive: true, force: true }));
  const bin = join(root, "apps/holdfast/bin");
  await mkdir(bin, { recursive: true });
  await copyFile(launcher, join(bin, "holdfast"));
  await writeFile(join(root, "node"), "#!/bin/sh\necho 20\n", { mode: 0o755 });
  const { exitCode, text } = await run(join(bin, "holdfast"), `${root}:/usr/bin:/bin`);
  expect(exitCode).toBe(1);
  expect(text).toMatch(/needs Node 26 or newer, and found 20 at .+; run 'npm ci'/);
});
