import { normalizeRanges } from "@holdfast/kernel";
import type { ByteRange } from "@holdfast/kernel";
import type { BlobOptions } from "../blob-store/blob-store.ts";
import { chunkSizeBytes, fanOut } from "../format/limits.ts";
import { rootLevel, spanOf } from "./disk-tree.ts";
import { emptyChildren } from "./node.ts";
import type { NodeReader } from "./node-reader.ts";

/** Where two images of one size may differ: what to read of the later one, and what is zero in it. */
export interface TreeDifference {
  readonly ranges: readonly ByteRange[];
  readonly zeroRanges: readonly ByteRange[];
}

/** Compares two trees by the ids of their nodes: the cost follows the difference, not the disk. */
export async function compareTrees(
  nodes: NodeReader,
  sizeBytes: number,
  { before, after }: { readonly before: string | null; readonly after: string | null },
  options?: BlobOptions,
): Promise<TreeDifference> {
  const ranges: ByteRange[] = [];
  const zeroRanges: ByteRange[] = [];
  const compare = async (level: number, start: number, was: string | null, is: string | null): Promise<void> => {
    if (was === is) return;
    const span = level < 0 ? chunkSizeBytes : spanOf(level);
    const range = { start, end: Math.min(start + span, sizeBytes) };
    if (is === null || level < 0) return void (is === null ? zeroRanges : ranges).push(range);
    const [older, newer] = [
      was === null ? emptyChildren() : await nodes.read(level, was, options),
      await nodes.read(level, is, options),
    ];
    for (const [i, child] of newer.entries())
      await compare(level - 1, start + i * (span / fanOut), older[i] ?? null, child);
  };
  await compare(rootLevel(sizeBytes), 0, before, after);
  return { ranges: normalizeRanges(ranges), zeroRanges: normalizeRanges(zeroRanges) };
}
