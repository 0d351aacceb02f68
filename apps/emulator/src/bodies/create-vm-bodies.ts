import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { createInertBodies } from "./inert-bodies.ts";
import type { GuestVolumes } from "./nbd/nbd-export.ts";
import { probeAccelerator } from "./qemu/accelerator.ts";
import { QemuBodies, type QemuBodiesOptions } from "./qemu-bodies.ts";
import { removeStaleSocketFolders } from "./qemu/socket-folder.ts";
import type { VmBodies } from "./vm-body.ts";
import { systemSleeper, type Sleeper } from "./system-sleeper.ts";

export interface VmBodiesOptions extends QemuBodiesOptions {
  /** "auto": real where QEMU is installed, else inert. "real" fails where it is not. */
  readonly kind: "auto" | "real" | "inert";
}

/** Chooses what stands behind VMs on this machine. Real ones are probed for KVM, which takes up to 10 s. */
export async function createVmBodies(
  { pageStore, clock = systemSleeper }: { readonly pageStore: GuestVolumes; readonly clock?: Sleeper },
  options: VmBodiesOptions,
): Promise<VmBodies> {
  if (options.kind === "inert") return createInertBodies(clock);
  const qemu = await findQemu();
  if (qemu === undefined) {
    if (options.kind === "auto") return createInertBodies(clock);
    throw new Error("real VMs need qemu-system-x86_64 (and setpriv): install qemu-system-x86");
  }
  await removeStaleSocketFolders();
  return new QemuBodies({ pageStore, clock, qemu, accelerator: await probeAccelerator(qemu) }, options);
}

/** The QEMU on the path, where `setpriv`, which ties it to the emulator's life, is there as well. */
export async function findQemu(): Promise<string | undefined> {
  return (await findProgram("setpriv")) === undefined ? undefined : findProgram("qemu-system-x86_64");
}

async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const file = join(folder, name);
    try {
      await access(file);
      return file;
    } catch {
      continue;
    }
  }
  return undefined;
}
