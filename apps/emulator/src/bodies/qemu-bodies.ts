import { createHash } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { startNbdServer, type NbdServer } from "./nbd-server.ts";
import { createVolumeExport, type GuestVolumes } from "./nbd/nbd-export.ts";
import type { Accelerator } from "./qemu/accelerator.ts";
import { findFreePorts } from "./qemu/free-ports.ts";
import { exportNameOf, qemuArguments } from "./qemu/qemu-arguments.ts";
import { startQemu, type QemuProcess } from "./qemu/qemu-process.ts";
import { makeSocketFolder } from "./qemu/socket-folder.ts";
import type { BodyStart, VmBodies } from "./vm-body.ts";
import { WriteGates } from "./write-gates.ts";
import type { Sleeper } from "./system-sleeper.ts";

export interface QemuBodiesDeps {
  readonly pageStore: GuestVolumes;
  readonly clock: Sleeper;
  /** The QEMU to run. */
  readonly qemu: string;
  readonly accelerator: Accelerator;
}

export interface QemuBodiesOptions {
  /** Where serial logs are kept, across starts of the emulator. */
  readonly folder: string;
  readonly maxMemoryMiB?: number;
  readonly maxCores?: number;
  /** TCP ports of each guest that are reachable on loopback. */
  readonly guestPorts?: readonly number[];
  /** Called when a guest ended by itself: it powered off, or its QEMU died. Not after `stop`. */
  readonly onExit?: (vmKey: string) => void;
  /** Told of each fault of a volume under a guest; the guest itself gets an I/O error. */
  readonly onFault?: (vmKey: string, error: unknown) => void;
}

interface RunningVm {
  readonly process: QemuProcess;
  readonly forwardedPorts: ReadonlyMap<number, number>;
  /** Settles when QEMU is gone, its disks are served no more and nothing of it is left but the serial log. */
  readonly over: Promise<void>;
  isStopping: boolean;
}

/** Real VMs: one QEMU process each, whose disks are page volumes over NBD. */
export class QemuBodies implements VmBodies {
  readonly kind = "real";
  readonly #deps: QemuBodiesDeps;
  readonly #options: QemuBodiesOptions;
  readonly #gates: WriteGates;
  readonly #running = new Map<string, RunningVm>();
  readonly #starting = new Map<string, Promise<RunningVm>>();

  constructor(deps: QemuBodiesDeps, options: QemuBodiesOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#gates = new WriteGates(deps.clock);
  }

  /** How guests run here: for a word to the user, since emulation is slow. */
  get accelerator(): Accelerator {
    return this.#deps.accelerator;
  }

  async start(start: BodyStart): Promise<void> {
    const { vmKey } = start;
    if (this.#running.has(vmKey) || this.#starting.has(vmKey)) throw new Error(`VM ${vmKey} is running already`);
    const launching = this.#launch(start);
    this.#starting.set(vmKey, launching);
    try {
      await launching;
    } finally {
      this.#starting.delete(vmKey);
    }
  }

  async #launch(start: BodyStart): Promise<RunningVm> {
    const { vmKey } = start;
    await using undo = new AsyncDisposableStack();
    await mkdir(this.#options.folder, { recursive: true });
    const sockets = await makeSocketFolder();
    undo.defer(() => rm(sockets, { recursive: true, force: true }));
    const nbd = undo.use(await this.#serveDisks(start, join(sockets, "nbd")));
    const forwardedPorts = await findFreePorts(this.#options.guestPorts ?? [22, 8080, 5432]);
    const places = {
      nbdSocket: nbd.socketPath,
      qmpSocket: join(sockets, "qmp"),
      serialLog: this.#serialPath(vmKey),
    };
    const { accelerator, clock, qemu } = this.#deps;
    const shape = {
      accelerator,
      forwardedPorts,
      maxMemoryMiB: this.#options.maxMemoryMiB ?? 1024,
      maxCores: this.#options.maxCores ?? 2,
    };
    const process = await startQemu(qemu, qemuArguments(start, places, shape), places, clock);
    undo.defer(() => process.kill());
    undo.use(process.monitor);
    const resources = undo.move();
    const over = process.exited.then(async () => {
      await resources.disposeAsync();
      this.#running.delete(vmKey);
      if (!vm.isStopping) this.#options.onExit?.(vmKey);
    });
    const vm: RunningVm = { process, forwardedPorts, over, isStopping: false };
    this.#running.set(vmKey, vm);
    return vm;
  }

  async #serveDisks(start: BodyStart, socketPath: string): Promise<NbdServer> {
    const exports = start.disks.map((disk, index) => {
      const volume = this.#deps.pageStore.open(disk.volumeId);
      if (volume === undefined) throw new Error(`VM ${start.vmKey} has a disk on no volume: ${disk.volumeId}`);
      const gate = this.#gates.of(disk.volumeId);
      return [exportNameOf(index), createVolumeExport(volume, disk.visibleBytes, gate)] as const;
    });
    const { onFault } = this.#options;
    return startNbdServer(socketPath, new Map(exports), (error) => onFault?.(start.vmKey, error));
  }

  async stop(vmKey: string): Promise<void> {
    // A start under way is waited for; whether it succeeds is told to who asked for it.
    await Promise.allSettled([this.#starting.get(vmKey)]);
    const vm = this.#running.get(vmKey);
    if (vm === undefined) return;
    vm.isStopping = true;
    // Killed, not asked to quit: a plug that is pulled gives nobody time to write.
    await vm.process.kill();
    await vm.over;
  }

  /** Presses the power button. The guest shuts down if it wants to: `onExit` tells when it has. */
  async pressPowerButton(vmKey: string): Promise<void> {
    await this.#running.get(vmKey)?.process.monitor.run("system_powerdown");
  }

  isRunning(vmKey: string): boolean {
    return this.#running.has(vmKey);
  }

  /** The process behind a VM that runs. */
  pidOf(vmKey: string): number | undefined {
    return this.#running.get(vmKey)?.process.pid;
  }

  /** The loopback port on which a port of a running guest is reached. */
  forwardedPort(vmKey: string, guestPort: number): number | undefined {
    return this.#running.get(vmKey)?.forwardedPorts.get(guestPort);
  }

  async serialLog(vmKey: string): Promise<string> {
    try {
      return await readFile(this.#serialPath(vmKey), "utf8");
    } catch (error) {
      // Never started: nothing was said.
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
      throw error;
    }
  }

  atWriteBarrier<T>(volumeId: string, freeze: () => Promise<T>, stallMs?: number): Promise<T> {
    return this.#gates.of(volumeId).hold(freeze, stallMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const keys = new Set([...this.#starting.keys(), ...this.#running.keys()]);
    await Promise.all([...keys].map((vmKey) => this.stop(vmKey)));
  }

  /** Keys are resource ids with slashes and any case: hashed, they make file names. */
  #serialPath(vmKey: string): string {
    const name = createHash("sha256").update(vmKey).digest("hex").slice(0, 24);
    return join(this.#options.folder, `serial-${name}.log`);
  }
}
