import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { ByteRange } from "@holdfast/kernel";
import { normalizeRanges } from "@holdfast/kernel";
import type { PageStore, PageView, PageVolume, RunningStamp } from "@holdfast/emulator";

const pieceBytes = 1024 * 1024;
const compareBytes = 4096;

/** The volume under a managed disk: where the guest of an inert VM would write. */
export function volumeOfDisk(stamp: RunningStamp, pages: PageStore, diskId: string): PageVolume {
  const volumeId = stamp.stamp.services.resources.get(diskId)?.hidden?.["volumeId"];
  const volume = typeof volumeId === "string" ? pages.open(volumeId) : undefined;
  if (volume === undefined) throw new Error(`disk ${diskId} has no volume`);
  return volume;
}

/** Makes a disk hold what an image holds, writing only the 4 KiB pieces that differ; answers what was written. */
export async function writeDifference(volume: PageVolume, imageFile: string): Promise<ByteRange[]> {
  await using file = await open(imageFile);
  const { size } = await file.stat();
  const [wanted, present] = [Buffer.alloc(pieceBytes), Buffer.alloc(pieceBytes)];
  const written: ByteRange[] = [];
  for (let start = 0; start < size; start += pieceBytes) {
    const length = Math.min(pieceBytes, size - start);
    await file.read(wanted, 0, length, start);
    await volume.read(start, present.subarray(0, length));
    for (let at = 0; at < length; at += compareBytes) {
      const piece = wanted.subarray(at, Math.min(at + compareBytes, length));
      if (piece.equals(present.subarray(at, at + piece.length))) continue;
      await volume.write(start + at, piece);
      written.push({ start: start + at, end: start + at + piece.length });
    }
  }
  await volume.flush();
  return normalizeRanges(written);
}

/** SHA-256 of the first bytes of a volume, in hex. */
export async function hashView(view: PageView, sizeBytes: number): Promise<string> {
  const hash = createHash("sha256");
  const piece = Buffer.alloc(4 * pieceBytes);
  for (let start = 0; start < sizeBytes; start += piece.length) {
    const part = piece.subarray(0, Math.min(piece.length, sizeBytes - start));
    await view.read(start, part);
    hash.update(part);
  }
  return hash.digest("hex");
}
