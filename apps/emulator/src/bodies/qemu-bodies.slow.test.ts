import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createVmBodies, findQemu } from "./create-vm-bodies.ts";
import { QemuBodies } from "./qemu-bodies.ts";
import { probeAccelerator } from "./qemu/accelerator.ts";
import { MemoryVolume } from "./testing/memory-volume.ts";
import { realClock, until } from "./testing/real-clock.ts";
import { tinyGuestSectors } from "./testing/tiny-guest.ts";

// On CI a missing QEMU fails; elsewhere the tests that need it are skipped.
const withQemu = describe.skipIf((await findQemu()) === undefined && process.env["CI"] !== "true");
const diskBytes = 1024 * 1024;
const vmKey = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/tiny";
let folder: string;
let exited: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bodies-"));
  exited = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function makeBodies(volumes: readonly MemoryVolume[]): Promise<QemuBodies> {
  const bodies = await createVmBodies(
    { pageStore: { open: (id) => volumes.find((volume) => volume.id === id) }, clock: realClock },
    { kind: "real", folder, onExit: (key) => exited.push(key) },
  );
  if (!(bodies instanceof QemuBodies)) throw new Error("not real");
  return bodies;
}

function tinyDisk(powersOff: boolean): MemoryVolume {
  const volume = new MemoryVolume("os", diskBytes + 512);
  void volume.write(0, tinyGuestSectors({ powersOff }));
  return volume;
}

const start = {
  vmKey,
  memoryMiB: 64,
  cores: 1,
  disks: [{ lun: null, volumeId: "os", visibleBytes: diskBytes }],
};

async function bootCount(volume: MemoryVolume): Promise<number> {
  const sector = Buffer.alloc(512);
  await volume.read(512, sector);
  return sector[0] ?? 0;
}

withQemu("real VM bodies", () => {
  it("boot a guest from a page volume, keep what it wrote and its console across boots", async () => {
    const volume = tinyDisk(false);
    await using bodies = await makeBodies([volume]);
    for (const boot of [1, 2]) {
      await bodies.start(start);
      await until(async () => (await bodies.serialLog(vmKey)).includes(`BOOT ${boot}\n`));
      expect(bodies.isRunning(vmKey)).toBe(true);
      await bodies.stop(vmKey);
      expect(bodies.isRunning(vmKey)).toBe(false);
      expect(await bootCount(volume)).toBe(boot);
    }
    expect(await bodies.serialLog(vmKey)).toBe("BOOT 1\nBOOT 2\n");
    expect(exited).toEqual([]);
  });

  it("tell when a guest powers itself off, and can start it again", async () => {
    const volume = tinyDisk(true);
    await using bodies = await makeBodies([volume]);
    for (const boot of [1, 2]) {
      await bodies.start(start);
      await until(() => exited.length === boot);
      expect(bodies.isRunning(vmKey)).toBe(false);
      expect(await bootCount(volume)).toBe(boot);
    }
  });

  it("hold a guest's writes at a barrier, and let them through after it", async () => {
    const volume = tinyDisk(false);
    await using bodies = await makeBodies([volume]);
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const barrier = bodies.atWriteBarrier("os", () => held);
    await bodies.start(start);
    // Long enough for the guest to reach its write many times over; what is asserted is that it did not.
    await realClock.sleep(1500);
    expect(await bootCount(volume)).toBe(0);
    release();
    await barrier;
    await until(async () => (await bootCount(volume)) === 1);
  });

  it("refuse to start twice, on a missing volume, or with QEMU failing, and leave nothing behind", async () => {
    const volume = tinyDisk(false);
    await using bodies = await makeBodies([volume]);
    await bodies.start(start);
    await expect(bodies.start(start)).rejects.toThrow("running already");
    const other = { ...start, vmKey: "other", disks: [{ lun: null, volumeId: "gone", visibleBytes: 512 }] };
    await expect(bodies.start(other)).rejects.toThrow("no volume: gone");
    await expect(bodies.start({ ...start, vmKey: "other", cores: -1 })).rejects.toThrow("QEMU ended at its start");
    expect(bodies.isRunning("other")).toBe(false);
    expect(await bodies.serialLog("other")).toBe("");
    const pid = bodies.pidOf(vmKey);
    await bodies[Symbol.asyncDispose]();
    expect(isAlive(pid)).toBe(false);
  });

  it("end a VM that is stopped while it starts", async () => {
    const volume = tinyDisk(false);
    await using bodies = await makeBodies([volume]);
    const starting = bodies.start(start);
    await bodies.stop(vmKey);
    await starting;
    expect(bodies.isRunning(vmKey)).toBe(false);
    expect(exited).toEqual([]);
  });

  it("forward guest ports to loopback, each VM its own", async () => {
    const volume = tinyDisk(false);
    await using bodies = await makeBodies([volume]);
    await bodies.start(start);
    const ports = [22, 8080, 5432].map((port) => bodies.forwardedPort(vmKey, port));
    expect(new Set(ports).size).toBe(3);
    expect(ports).not.toContain(undefined);
    expect(bodies.forwardedPort(vmKey, 9)).toBeUndefined();
  });
});

withQemu("probeAccelerator", () => {
  it("answers within its time limit, and TCG where QEMU cannot run at all", async () => {
    expect(["kvm", "tcg"]).toContain(await probeAccelerator("qemu-system-x86_64"));
    expect(await probeAccelerator("false")).toBe("tcg");
  });
});

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) throw new Error("no process");
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
