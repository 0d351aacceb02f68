import type { PageVolume } from "../../pages/page-store.ts";
import type { WriteGate } from "../write-gate.ts";

/** What a guest needs of a page volume. */
export type GuestVolume = Pick<PageVolume, "id" | "sizeBytes" | "read" | "write" | "clear" | "flush">;

/** Where the volumes of guests are found: a page store. */
export interface GuestVolumes {
  open(id: string): GuestVolume | undefined;
}

/** What one export does. Offsets and lengths are checked by the connection: inside the export, multiples of 512. */
export interface NbdExport {
  readonly sizeBytes: number;
  read(offsetBytes: number, target: Uint8Array): Promise<void>;
  write(offsetBytes: number, data: Uint8Array): Promise<void>;
  /** `mayPunch` allows the pages to become unwritten; without it they stay written, as zeros. */
  writeZeroes(offsetBytes: number, lengthBytes: number, mayPunch: boolean): Promise<void>;
  trim(offsetBytes: number, lengthBytes: number): Promise<void>;
  flush(): Promise<void>;
}

/** Zeros are written in pieces of this size: larger ones cost memory, smaller ones calls. */
const zeroes = Buffer.alloc(1024 * 1024);

/**
 * Shows the first `visibleBytes` of a page volume to a guest: what follows (a VHD footer) stays hidden. All changes
 * pass the gate, so that a barrier can hold them.
 */
export function createVolumeExport(volume: GuestVolume, visibleBytes: number, gate: WriteGate): NbdExport {
  if (visibleBytes > volume.sizeBytes || visibleBytes % 512 !== 0 || visibleBytes <= 0) {
    throw new RangeError(`volume ${volume.id} of ${volume.sizeBytes} bytes cannot show ${visibleBytes} bytes`);
  }
  return {
    sizeBytes: visibleBytes,
    read: (offset, target) => volume.read(offset, target),
    write: (offset, data) => gate.pass(() => volume.write(offset, data)),
    trim: (offset, length) => gate.pass(() => volume.clear({ start: offset, end: offset + length })),
    writeZeroes: (offset, length, mayPunch) =>
      gate.pass(async () => {
        if (mayPunch) return volume.clear({ start: offset, end: offset + length });
        for (let done = 0; done < length; done += zeroes.length) {
          await volume.write(offset + done, zeroes.subarray(0, Math.min(zeroes.length, length - done)));
        }
      }),
    flush: () => gate.pass(() => volume.flush()),
  };
}
