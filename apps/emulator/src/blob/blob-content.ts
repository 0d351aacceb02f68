import { open } from "node:fs/promises";
import { join } from "node:path";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { ByteRange } from "@holdfast/kernel";
import type { PageView } from "../pages/page-store.ts";
import type { BlobDeps } from "./blob-deps.ts";
import type { BlobRecord, BlockBlobRecord } from "./blob-record.ts";

/** Content by range. `read` fills the target whole. */
export interface BlobContent {
  read(offsetBytes: number, target: Uint8Array): Promise<void>;
}

const pieceBytes = 1024 * 1024;

function blockContent(deps: BlobDeps, blob: BlockBlobRecord): BlobContent {
  return {
    read: async (offsetBytes, target) => {
      let blockStart = 0;
      for (const block of blob.blocks) {
        const blockEnd = blockStart + block.sizeBytes;
        const start = Math.max(blockStart, offsetBytes);
        const end = Math.min(blockEnd, offsetBytes + target.length);
        if (start < end) {
          await using file = await open(join(deps.blockFolder, block.file));
          await file.read(target, start - offsetBytes, end - start, start - blockStart);
        }
        blockStart = blockEnd;
      }
    },
  };
}

/** The pages of a page blob, or of its snapshot. */
export function pageView(deps: BlobDeps, volumeId: string, snapshotId: string | undefined): PageView {
  const volume = deps.pages.open(volumeId);
  const view = snapshotId === undefined ? volume : volume?.openSnapshot(snapshotId);
  if (view === undefined) throw new Error(`the pages of volume ${volumeId} are missing`);
  return view;
}

export function openContent(deps: BlobDeps, blob: BlobRecord): BlobContent {
  return blob.kind === "PageBlob" ? pageView(deps, blob.volumeId, blob.pageSnapshotId) : blockContent(deps, blob);
}

/** Buffers that answers borrow: fresh memory for every piece costs more than the read itself. */
const idleBuffers: Buffer[] = [];

async function writePiece(response: ServerResponse, piece: Buffer): Promise<void> {
  // The buffer may be used again only when the socket has taken it over.
  await new Promise<void>((resolve, reject) => {
    const end = (error?: Error | null): void => {
      response.off("close", end);
      if (error) reject(error);
      else resolve();
    };
    // A caller that went away takes nothing over any more.
    response.once("close", end);
    response.write(piece, end);
  });
}

async function limitRate(deps: BlobDeps, path: string, sentBytes: number): Promise<void> {
  const limit = deps.faults.peek("limit-bandwidth", path);
  if (limit === undefined) return;
  deps.faults.take("limit-bandwidth", path);
  await new Promise((resolve) => setTimeout(resolve, (sentBytes / limit.bytesPerSecond) * 1000));
}

/** Sends a range of content, a piece at a time, reading the next while the last one leaves. */
export async function sendContent(
  deps: BlobDeps,
  content: BlobContent,
  range: ByteRange,
  target: { readonly response: ServerResponse; readonly path: string },
): Promise<void> {
  const { response, path } = target;
  const pair = [
    idleBuffers.pop() ?? Buffer.allocUnsafeSlow(pieceBytes),
    idleBuffers.pop() ?? Buffer.allocUnsafeSlow(pieceBytes),
  ];
  try {
    let writing: Promise<void> = Promise.resolve();
    for (let start = range.start, turn = 0; start < range.end; start += pieceBytes, turn ^= 1) {
      const piece = pair[turn]!.subarray(0, Math.min(pieceBytes, range.end - start));
      await content.read(start, piece);
      await writing;
      if (response.destroyed) return;
      await limitRate(deps, path, piece.length);
      writing = writePiece(response, piece);
      // Awaited at the next turn; until then a failure must not count as unhandled.
      writing.catch(() => undefined);
    }
    await writing;
    response.end();
    if (!response.writableFinished) await Promise.race([once(response, "finish"), once(response, "close")]);
    if (response.destroyed) return;
  } catch (error) {
    if (!response.destroyed) throw error;
    return;
  }
  // After a failure the socket may still hold on to them.
  if (idleBuffers.length < 64) idleBuffers.push(...pair);
}
