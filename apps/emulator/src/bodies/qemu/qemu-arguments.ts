import type { BodyDisk, BodyStart } from "../vm-body.ts";
import { cpuOf, type Accelerator } from "./accelerator.ts";

export interface QemuPlaces {
  readonly nbdSocket: string;
  readonly qmpSocket: string;
  readonly serialLog: string;
}

export interface QemuShape {
  readonly accelerator: Accelerator;
  /** Guest port to a free loopback port of the host. */
  readonly forwardedPorts: ReadonlyMap<number, number>;
  /** What the VM size promises is cut to this: guests share one small machine. */
  readonly maxMemoryMiB: number;
  readonly maxCores: number;
}

/** The export of the disk at a place in the order of disks. */
export function exportNameOf(index: number): string {
  return `disk${index}`;
}

/** The command line of a VM. Decides nothing by the state of the machine. */
export function qemuArguments(start: BodyStart, places: QemuPlaces, shape: QemuShape): string[] {
  return [
    ["-nodefaults", "-no-user-config", "-display", "none"],
    ["-machine", "pc", ...cpuOf(shape.accelerator)],
    ["-m", `${Math.min(start.memoryMiB, shape.maxMemoryMiB)}M`],
    ["-smp", String(Math.min(start.cores, shape.maxCores))],
    start.disks.flatMap((disk, index) => diskArguments(disk, index, places.nbdSocket)),
    ["-netdev", ["user", "id=net0", ...forwards(shape.forwardedPorts)].join(",")],
    // Without an option ROM the firmware does not try to boot from the network.
    ["-device", "virtio-net-pci,netdev=net0,romfile="],
    ["-chardev", `file,id=serial0,path=${escapeValue(places.serialLog)},append=on`, "-serial", "chardev:serial0"],
    ["-qmp", `unix:${escapeValue(places.qmpSocket)},server=on,wait=off`],
  ].flat();
}

function diskArguments(disk: BodyDisk, index: number, nbdSocket: string): string[] {
  const node = exportNameOf(index);
  const blockDevice = {
    driver: "nbd",
    "node-name": node,
    export: node,
    server: { type: "unix", path: nbdSocket },
    // Nothing is kept in QEMU: what the guest is told is written has reached the volume, and its flush flushes it.
    cache: { direct: true, "no-flush": false },
    discard: "unmap",
    "detect-zeroes": "off",
  };
  const device = {
    driver: "virtio-blk-pci",
    drive: node,
    // Found in the guest as /dev/disk/by-id/virtio-<serial>.
    serial: disk.lun === null ? "os" : `lun${disk.lun}`,
    bootindex: index,
    "write-cache": "on",
    // A full volume is an I/O error for the guest; the default would pause the VM.
    werror: "report",
    rerror: "report",
  };
  return ["-blockdev", JSON.stringify(blockDevice), "-device", JSON.stringify(device)];
}

function forwards(ports: ReadonlyMap<number, number>): string[] {
  return [...ports].map(([guestPort, hostPort]) => `hostfwd=tcp:127.0.0.1:${hostPort}-:${guestPort}`);
}

/** A comma ends a value in QEMU's option syntax; doubled it is one. */
function escapeValue(value: string): string {
  return value.replaceAll(",", ",,");
}
