/** A disk to plug into a VM: a page volume, and the bytes of it that the guest sees (without a VHD footer). */
export interface BodyDisk {
  readonly lun: number | null;
  readonly volumeId: string;
  readonly visibleBytes: number;
}

export interface BodyStart {
  readonly vmKey: string;
  readonly memoryMiB: number;
  readonly cores: number;
  /** The OS disk first. */
  readonly disks: readonly BodyDisk[];
}

/** What stands behind a VM resource: nothing (inert), or a QEMU process whose disks are page volumes over NBD. */
export interface VmBodies extends AsyncDisposable {
  readonly kind: "inert" | "real";
  start(start: BodyStart): Promise<void>;
  /** Power off as by the switch. Does nothing to a VM that is off. */
  stop(vmKey: string): Promise<void>;
  isRunning(vmKey: string): boolean;
  /** The serial console so far. */
  serialLog(vmKey: string): Promise<string>;
  /**
   * Runs `freeze` while no guest write is under way on the volume: acknowledged writes are in, later ones wait. A
   * crash-consistent cut. `stallMs` holds guest I/O longer: an injected fault.
   */
  atWriteBarrier<T>(volumeId: string, freeze: () => Promise<T>, stallMs?: number): Promise<T>;
}
