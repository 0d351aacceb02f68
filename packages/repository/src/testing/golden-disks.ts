import { createHash } from "node:crypto";

/** Neither a whole number of chunks nor of pages. */
const sizeBytes = 1_100_123;

function noise(label: string, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let i = 0; i * 32 < length; i += 1) parts.push(createHash("sha256").update(`${label} ${i}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

/** The disk of the golden repositories' first point: text, noise, and zeros between. */
export function firstGoldenDisk(): Buffer {
  const disk = Buffer.alloc(sizeBytes);
  disk.fill("Holdfast golden repository. ", 1000, 200_000);
  noise("first", 700).copy(disk, 600_000);
  noise("end", 123).copy(disk, sizeBytes - 123);
  return disk;
}

/** The disk of the second point: a byte range written anew, and the text's chunk cleared. */
export function secondGoldenDisk(): Buffer {
  const disk = firstGoldenDisk();
  disk.fill(0, 0, 256 * 1024);
  noise("second", 500).copy(disk, 900_000);
  return disk;
}
