import { open } from "node:fs/promises";
import type { PageStore, PageVolume } from "../../pages/page-store.ts";

const pieceBytes = 1024 * 1024;

/** Makes a volume of a raw image, leaving out pieces of zeros. */
export async function loadImage(store: PageStore, id: string, path: string): Promise<PageVolume> {
  await using file = await open(path);
  const volume = await store.create(id, (await file.stat()).size);
  const piece = Buffer.alloc(pieceBytes);
  const zeroes = Buffer.alloc(pieceBytes);
  for (let start = 0; start < volume.sizeBytes; start += pieceBytes) {
    const { bytesRead } = await file.read(piece, 0, pieceBytes, start);
    const content = piece.subarray(0, bytesRead);
    if (!content.equals(zeroes.subarray(0, bytesRead))) await volume.write(start, content);
  }
  return volume;
}
