import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn } from "node:child_process";

export type Accelerator = "kvm" | "tcg";

/**
 * A boot sector that writes 0x10 to port 0x501 and halts: `cli; mov dx,0x501; mov al,0x10; out dx,al; hlt; jmp hlt`.
 * QEMU's debug exit device turns the write into the exit code below.
 */
const program = [0xfa, 0xba, 0x01, 0x05, 0xb0, 0x10, 0xee, 0xf4, 0xeb, 0xfd];
const exitCodeOfSuccess = (0x10 << 1) | 1;

/** A working KVM runs the probe in well under a second; a broken nested one hangs for ever. */
const probeTimeoutMs = 10_000;

export function cpuOf(accelerator: Accelerator): readonly string[] {
  return accelerator === "kvm"
    ? ["-accel", "kvm", "-cpu", "host"]
    : // Several threads, as the guest has several processors; every feature that the emulation has.
      ["-accel", "tcg,thread=multi", "-cpu", "max"];
}

/**
 * Finds how guests run here: by KVM where a guest that is started with it really executes its first sector within
 * 10 s, else by emulation. The device file says little: nested hosts offer one that aborts or hangs.
 */
export async function probeAccelerator(qemu: string): Promise<Accelerator> {
  const folder = await mkdtemp(join(tmpdir(), "ash-probe-"));
  try {
    const disk = join(folder, "boot.img");
    const sector = Buffer.alloc(512);
    Buffer.from(program).copy(sector);
    sector.writeUInt16LE(0xaa55, 510);
    await writeFile(disk, sector);
    return (await runProbe(qemu, disk)) === exitCodeOfSuccess ? "kvm" : "tcg";
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function runProbe(qemu: string, disk: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      qemu,
      [
        cpuOf("kvm"),
        ["-m", "64", "-nodefaults", "-no-user-config", "-display", "none"],
        ["-drive", `file=${disk},format=raw,if=ide,snapshot=on`],
        ["-device", "isa-debug-exit,iobase=0x501,iosize=1"],
      ].flat(),
      { stdio: "ignore", timeout: probeTimeoutMs, killSignal: "SIGKILL" },
    );
    child.once("error", reject);
    child.once("exit", resolve);
  });
}
