import { alignRanges, intersectRanges, mapBounded, splitRanges, subtractRanges, uniteRanges } from "@holdfast/kernel";
import type { ByteRange, HoldfastError } from "@holdfast/kernel";
import { asDamage, damagedChunk } from "../failure.ts";
import { batchCount } from "../data-memory.ts";
import { chunkSizeBytes, fanOut, maxBatchBytes } from "../format/limits.ts";
import type { ChunkWriter } from "../chunk-writer.ts";
import { emptyChildren, encodeNode } from "./node.ts";
import type { Children } from "./node.ts";
import type { NodeReader } from "./node-reader.ts";

const leavesInFlight = 8;

/** Bytes of the disk under a node of a level: 64 MiB, 16 GiB, 4 TiB, ... */
export function spanOf(level: number): number {
  return chunkSizeBytes * fanOut ** (level + 1);
}

/** The level of the root: the lowest that spans the disk. */
export function rootLevel(sizeBytes: number): number {
  let level = 0;
  while (spanOf(level) < sizeBytes) level += 1;
  return level;
}

/** What to read and what is zero, both on chunk borders and apart. Chunks that zeros cover in part are read. */
export function planReads(sizeBytes: number, ranges: readonly ByteRange[], zeroRanges: readonly ByteRange[]) {
  const zeros = alignRanges(zeroRanges, 1, sizeBytes);
  const touched = alignRanges(zeros, chunkSizeBytes, sizeBytes);
  const whole = zeros
    .map((r) => ({
      start: Math.ceil(r.start / chunkSizeBytes) * chunkSizeBytes,
      end: r.end === sizeBytes ? r.end : Math.floor(r.end / chunkSizeBytes) * chunkSizeBytes,
    }))
    .filter((r) => r.start < r.end);
  const reads = uniteRanges(alignRanges(ranges, chunkSizeBytes, sizeBytes), subtractRanges(touched, whole));
  return { reads, zeros: subtractRanges(whole, reads) };
}

export interface Work {
  readonly reads: readonly ByteRange[];
  readonly zeros: readonly ByteRange[];
}

export interface TreeUpdate {
  readonly nodes: NodeReader;
  readonly writer: ChunkWriter;
  readonly signal?: AbortSignal;
  /** Reads a range of at most 4 MiB, adds its chunks, and answers their ids; waits while too many are under way. */
  addBatch(range: ByteRange): Promise<readonly (string | null)[]>;
}

/** Answers the node after the work; rewrites only nodes that the work touches. */
export async function updateNode(
  update: TreeUpdate,
  at: { readonly level: number; readonly start: number; readonly id: string | null },
  work: Work,
): Promise<string | null> {
  if (work.reads.length === 0 && work.zeros.length === 0) return at.id;
  const options = update.signal === undefined ? {} : { signal: update.signal };
  const children = at.id === null ? emptyChildren() : [...(await update.nodes.read(at.level, at.id, options))];
  if (at.level === 0) await updateLeaf(update, at.start, children, work);
  else {
    const span = spanOf(at.level - 1);
    const limit = at.level === 1 ? leavesInFlight : 1;
    await mapBounded(
      children.keys(),
      async (i) => {
        const child = { level: at.level - 1, start: at.start + i * span, id: children[i]! };
        const within = [{ start: child.start, end: child.start + span }];
        const part = { reads: intersectRanges(work.reads, within), zeros: intersectRanges(work.zeros, within) };
        children[i] = await updateNode(update, child, part);
      },
      { limit, ...options },
    );
  }
  if (children.every((child) => child === null)) return null;
  const [id] = await update.writer.add("node", encodeNode(at.level, children));
  return id!;
}

async function updateLeaf(update: TreeUpdate, start: number, children: Children, work: Work): Promise<void> {
  for (const zero of splitRanges(work.zeros, chunkSizeBytes)) children[(zero.start - start) / chunkSizeBytes] = null;
  const options = update.signal === undefined ? {} : { signal: update.signal };
  const takeBatch = async (range: ByteRange): Promise<void> => {
    const ids = await update.addBatch(range);
    for (const [i, id] of ids.entries()) children[(range.start - start) / chunkSizeBytes + i] = id;
  };
  await mapBounded(splitRanges(work.reads, maxBatchBytes), takeBatch, { limit: batchCount, ...options });
}

export interface FoundChunk {
  readonly range: ByteRange;
  readonly id: string;
  readonly kind: "data" | "node";
  /** The level of a node; that of the node above for data. */
  readonly level: number;
}

export interface WalkOptions {
  readonly signal?: AbortSignal;
  /** Gets also the level of the node that is lost, and where on the disk it begins. */
  readonly onLost?: (harm: HoldfastError, id: string, at: { readonly level: number; readonly start: number }) => void;
  /** True for a node that needs no walk: asked of nodes whose span is whole, so that the answer hangs on their id alone. */
  isKnown?(id: string, level: number): boolean;
}

/** Walks the chunks and nodes over a range, in order; `onLost` gets what cannot be read, or it is raised. */
export async function* walkTree(
  nodes: NodeReader,
  disk: { readonly rootId: string | null; readonly sizeBytes: number },
  within: ByteRange,
  options: WalkOptions = {},
): AsyncGenerator<FoundChunk> {
  yield* walk(rootLevel(disk.sizeBytes), 0, disk.rootId);
  async function* walk(level: number, start: number, id: string | null): AsyncGenerator<FoundChunk> {
    if (id === null) return;
    if (start + spanOf(level) <= disk.sizeBytes && options.isKnown?.(id, level) === true) return;
    let children: Readonly<Children>;
    try {
      children = await nodes.read(level, id, options);
    } catch (error) {
      const harm = asDamage(error, `node ${id}`);
      if (harm === null || options.onLost === undefined) throw error;
      options.onLost(harm, id, { level, start });
      return;
    }
    const span = spanOf(level) / fanOut;
    yield { id, kind: "node", level, range: { start, end: Math.min(start + spanOf(level), disk.sizeBytes) } };
    for (const [i, child] of children.entries()) {
      const range = { start: start + i * span, end: Math.min(start + (i + 1) * span, disk.sizeBytes) };
      if (child === null) continue;
      if (range.end <= range.start) {
        const harm = damagedChunk(`node ${id}`, "a child is past the disk's end");
        if (options.onLost === undefined) throw harm;
        options.onLost(harm, id, { level, start });
        return;
      }
      if (range.start >= within.end || range.end <= within.start) continue;
      if (level === 0) yield { id: child, kind: "data", level, range };
      else yield* walk(level - 1, range.start, child);
    }
  }
}
