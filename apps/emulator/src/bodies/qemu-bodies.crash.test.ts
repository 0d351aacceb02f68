import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findQemu } from "./create-vm-bodies.ts";
import { removeStaleSocketFolders } from "./qemu/socket-folder.ts";
import { until } from "./testing/real-clock.ts";

// On CI a missing QEMU fails; elsewhere the test is skipped.
const withQemu = it.skipIf((await findQemu()) === undefined && process.env["CI"] !== "true");

withQemu("no QEMU outlives an emulator that is killed with -9, and the next start removes its sockets", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bodies-"));
  const child = spawn(process.execPath, [join(import.meta.dirname, "testing/crash-child.ts"), folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    expect(await commandOf(pid)).toContain("qemu-system-x86_64");
    const over = once(child, "exit");
    child.kill("SIGKILL");
    await over;
    await until(async () => !(await commandOf(pid)).includes("qemu-system-x86_64"));
    const left = await socketFolders(child.pid);
    expect(left).toHaveLength(1);
    await removeStaleSocketFolders();
    expect(await socketFolders(child.pid)).toEqual([]);
  } finally {
    child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
});

async function commandOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
}

async function socketFolders(pid: number | undefined): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith(`ash-vm-${pid}-`));
}
