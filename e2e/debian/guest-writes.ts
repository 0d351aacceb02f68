import { open } from "node:fs/promises";
import { splitRanges, type ByteRange } from "@holdfast/kernel";

/** Where a guest's writes go: the volume under the disk of a VM. */
export interface WritableDisk {
  write(offsetBytes: number, data: Uint8Array): Promise<void>;
  flush(): Promise<void>;
}

/** The largest write that a guest sends at once. */
const maxWriteBytes = 1024 * 1024;

/** Does to a disk what a guest did to an image: writes each range as it stands in the image. */
export async function writeRanges(disk: WritableDisk, image: string, ranges: readonly ByteRange[]): Promise<void> {
  await using file = await open(image);
  for (const { start, end } of splitRanges(ranges, maxWriteBytes)) {
    const data = Buffer.alloc(end - start);
    const { bytesRead } = await file.read(data, 0, data.length, start);
    if (bytesRead !== data.length) throw new Error(`${image} ends inside a range`);
    await disk.write(start, data);
  }
  await disk.flush();
}
