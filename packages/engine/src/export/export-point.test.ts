import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { decodeVhdFooter } from "@holdfast/domain";
import { SeededRandom } from "@holdfast/kernel/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { backupVm } from "../capture/backup-vm.ts";
import { createWorld, testDiskBytes } from "../testing/index.ts";
import { exportPoint } from "./export-point.ts";
import { createLocalImageFiles } from "./local-image-files.ts";
import { findQemuImg } from "./qemu-img.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-export-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function prepare() {
  const world = createWorld({ diskCount: 1 });
  const point = await backupVm(world.deps, { vmId: world.vm.id });
  const bytes = Buffer.from(world.stamp.imageOf(world.vm.disks[0]!).read({ start: 0, end: testDiskBytes }));
  const deps = { ...world.deps, files: createLocalImageFiles(new SeededRandom(1)), imageTool: null };
  return { deps, pointId: point.id, bytes };
}

test("exports raw bytes and a fixed VHD, and leaves nothing else in the folder", async () => {
  const { deps, pointId, bytes } = await prepare();
  await exportPoint(deps, { pointId, to: join(folder, "a.raw"), format: "raw" });
  await exportPoint(deps, { pointId, to: join(folder, "a.vhd"), format: "vhd" });
  expect((await readFile(join(folder, "a.raw"))).equals(bytes)).toBe(true);
  const vhd = await readFile(join(folder, "a.vhd"));
  expect(vhd.subarray(0, testDiskBytes).equals(bytes)).toBe(true);
  expect(decodeVhdFooter(vhd.subarray(testDiskBytes))?.sizeBytes).toBe(testDiskBytes);
  expect((await readdir(folder)).toSorted()).toEqual(["a.raw", "a.vhd"]);
});

test("never overwrites a file", async () => {
  const { deps, pointId } = await prepare();
  const to = join(folder, "a.raw");
  await writeFile(to, "mine");
  const refused = exportPoint(deps, { pointId, to, format: "raw" });
  await expect(refused).rejects.toMatchObject({ code: "engine.export.file-exists" });
  expect(await readFile(to, "utf8")).toBe("mine");
});

test("converts by the tool, and says where there is none", async () => {
  const { deps, pointId, bytes } = await prepare();
  const to = join(folder, "a.qcow2");
  const without = exportPoint(deps, { pointId, to, format: "qcow2" });
  await expect(without).rejects.toMatchObject({ code: "engine.export.no-image-tool" });
  const imageTool = {
    convertRawToQcow2: async (from: string, target: string): Promise<void> =>
      writeFile(target, Buffer.concat([Buffer.from("QFI"), await readFile(from)])),
  };
  await exportPoint({ ...deps, imageTool }, { pointId, to, format: "qcow2" });
  expect((await readFile(to)).equals(Buffer.concat([Buffer.from("QFI"), bytes]))).toBe(true);
  expect(await readdir(folder)).toEqual(["a.qcow2"]);
});

test("leaves nothing when the tool fails", async () => {
  const { deps, pointId } = await prepare();
  const imageTool = { convertRawToQcow2: () => Promise.reject(new Error("no space")) };
  const to = join(folder, "a.qcow2");
  await expect(exportPoint({ ...deps, imageTool }, { pointId, to, format: "qcow2" })).rejects.toThrow("no space");
  expect(await readdir(folder)).toEqual([]);
});

test("removes what a killed export to the same name left, and nothing of a live one", async () => {
  const { deps, pointId, bytes } = await prepare();
  const to = join(folder, "a.raw");
  const program = `
    const { createLocalImageFiles } = await import(process.argv[1]);
    const file = await createLocalImageFiles({ uuid: () => "11111111-2222-4333-8444-555555555555" }).create(process.argv[2], 4096);
    await file.write(0, new Uint8Array(4096).fill(1));
    process.kill(process.pid, "SIGKILL");`;
  const files = new URL("./local-image-files.ts", import.meta.url).href;
  const killed = spawnSync(process.execPath, ["--input-type=module", "-e", program, files, to]);
  expect(killed.signal).toBe("SIGKILL");
  const [partial] = await readdir(folder);
  expect(partial).toMatch(/\.part$/);
  const alive = `a.raw.${hostname()}.${process.pid}.11111111-2222-4333-8444-555555555555.part`;
  const elsewhere = "a.raw.another-host.1.11111111-2222-4333-8444-555555555555.part";
  await writeFile(join(folder, alive), "");
  await writeFile(join(folder, elsewhere), "");
  await exportPoint(deps, { pointId, to, format: "raw" });
  expect((await readdir(folder)).toSorted()).toEqual(["a.raw", alive, elsewhere].toSorted());
  expect((await readFile(to)).equals(bytes)).toBe(true);
});

test("finds no tool where the command is not installed", async () => {
  expect(await findQemuImg("no-such-command-here")).toBeNull();
});
