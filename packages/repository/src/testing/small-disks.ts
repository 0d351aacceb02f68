import type { Random } from "@holdfast/kernel";
import { KiB } from "@holdfast/kernel";

const chunkBytes = 256 * KiB;
/** Few, so that captures share chunks, and meet again those that no point has any more. 0 is a chunk of zeros. */
const valueCount = 40;

/** A disk of a few chunks, each filled with one value: quick to store, and written down as its values. */
export interface SmallDisk {
  readonly values: readonly number[];
}

export const chunksOfDisk = 6;

export function randomDisk(random: Random): SmallDisk {
  return { values: Array.from({ length: chunksOfDisk }, () => Math.floor(random.fraction() * valueCount)) };
}

/** Changes one chunk; answers the disk and which chunk it was. */
export function changeDisk(disk: SmallDisk, random: Random): { readonly disk: SmallDisk; readonly at: number } {
  const at = Math.floor(random.fraction() * chunksOfDisk);
  const values = disk.values.map((value, i) => (i === at ? Math.floor(random.fraction() * valueCount) : value));
  return { disk: { values }, at };
}

export function bytesOf({ values }: SmallDisk): Buffer {
  return Buffer.concat(values.map((value) => Buffer.alloc(chunkBytes, value)));
}

export function rangeOf(chunk: number) {
  return { start: chunk * chunkBytes, end: (chunk + 1) * chunkBytes };
}

/** The disk that bytes are; null where they are none. */
export function diskFrom(bytes: Uint8Array): SmallDisk | null {
  const values: number[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const value = bytes[at]!;
    if (Buffer.compare(bytes.subarray(at, at + chunkBytes), Buffer.alloc(chunkBytes, value)) !== 0) return null;
    values.push(value);
  }
  return { values };
}
