import type { DiskImage } from "@holdfast/domain";
import { intersectRanges, mapBounded } from "@holdfast/kernel";
import type { ByteRange } from "@holdfast/kernel";
import type { BlobOptions } from "../blob-store/blob-store.ts";
import type { ChunkStore } from "../chunk-store.ts";
import type { ChunkWriter } from "../chunk-writer.ts";
import type { WriteMemory } from "../data-memory.ts";
import { asDamage, damagedChunk } from "../failure.ts";
import type { openStoredDisk } from "../stored-disk.ts";
import { spanOf, updateNode, walkTree } from "../tree/disk-tree.ts";
import { createNodeReader } from "../tree/node-reader.ts";

/** A disk that may hold the bytes: of a copy, or the damaged one itself, which may be readable in part. */
export interface HealSource {
  readonly disk: Pick<ReturnType<typeof openStoredDisk>, "read">;
  /** What is not zeros there; asked for where a node is lost. */
  listAllocated(): Promise<readonly ByteRange[]>;
  /** False for a chunk that it cannot have, so that it is not looked for. */
  mayHave?(id: string): boolean;
}

/** What is to be stored anew of one disk. */
interface LostParts {
  readonly data: { readonly id: string; readonly range: ByteRange }[];
  /** Nodes that cannot be read; what is below them is not known. */
  readonly nodes: { readonly id: string; readonly level: number; readonly start: number }[];
  /** Nodes that can be read, but are only in damaged packs. */
  readonly nodesAtRisk: string[];
}

export interface HealOrder {
  readonly lost: ReadonlySet<string>;
  /** The first that has the right bytes counts. */
  readonly sources: readonly HealSource[];
  /** A writer that is announced: see docs/concurrency.md. */
  readonly writerId: string;
}

export interface HealedDisk {
  readonly healed: readonly string[];
  readonly unhealed: readonly { readonly id: string; readonly reason: string }[];
  readonly storedBytes: number;
}

/**
 * Stores anew what is lost of a disk, from the first source that holds bytes of the right id. Nothing is trusted but
 * the id: what a source answers is named by this repository's key, and counts only where the name is the one that is lost.
 */
export async function healDisk(
  chunks: ChunkStore,
  image: DiskImage,
  { lost, sources, writerId }: HealOrder,
  options: BlobOptions = {},
): Promise<HealedDisk> {
  const parts = await findParts(chunks, image, lost, options);
  const healed: string[] = [];
  const unhealed: { id: string; reason: string }[] = [];
  const wanted = new Set([...lost, ...parts.nodes.map(({ id }) => id)]);
  const call = { ...options, writerId, isLost: (id: string) => wanted.has(id) };
  const storedBytes = await chunks.write(async (writer, memory) => {
    const healing = { chunks, image, sources, writer, memory, options };
    const attempt = async (id: string, work: (source: HealSource) => Promise<string | null>): Promise<void> => {
      const reason = await tryEach(sources, id, work);
      if (reason === null) healed.push(id);
      else unhealed.push({ id, reason });
    };
    for (const node of parts.nodes) await attempt(node.id, (source) => rebuildNode(healing, source, node));
    for (const id of parts.nodesAtRisk) {
      await writer.add("node", await chunks.read(id, "node", options));
      healed.push(id);
    }
    await mapBounded(parts.data, ({ id, range }) => attempt(id, (source) => addData(healing, source, range)), {
      limit: 4,
      ...options,
    });
    await writer.finish();
    return writer.bytes.stored;
  }, call);
  return { healed, unhealed, storedBytes };
}

interface Healing {
  readonly writer: ChunkWriter;
  readonly memory: WriteMemory;
  readonly chunks: ChunkStore;
  readonly image: DiskImage;
  readonly options: BlobOptions;
}

async function findParts(
  chunks: ChunkStore,
  image: DiskImage,
  lost: ReadonlySet<string>,
  options: BlobOptions,
): Promise<LostParts> {
  const parts: LostParts = { data: [], nodes: [], nodesAtRisk: [] };
  const seen = new Set<string>();
  const isNew = (id: string): boolean => !seen.has(id) && seen.add(id).has(id);
  const onLost = (_harm: unknown, id: string, at: { readonly level: number; readonly start: number }): void => {
    if (isNew(id)) parts.nodes.push({ id, ...at });
  };
  const nodes = createNodeReader(chunks, 8);
  for await (const found of walkTree(nodes, image, { start: 0, end: image.sizeBytes }, { ...options, onLost })) {
    const { id, kind, range } = found;
    if (!(lost.has(id) || !chunks.indexes.has(id)) || !isNew(id)) continue;
    if (kind === "node") parts.nodesAtRisk.push(id);
    else parts.data.push({ id, range });
  }
  return parts;
}

/** Answers null where a source gave the right bytes, else why the first one did not. */
async function tryEach(
  sources: readonly HealSource[],
  id: string,
  work: (source: HealSource) => Promise<string | null>,
): Promise<string | null> {
  let reason: string | undefined;
  for (const source of sources) {
    if (source.mayHave?.(id) === false) continue;
    try {
      if ((await work(source)) === id) return null;
      reason ??= "the copy has other bytes there";
    } catch (error) {
      const harm = asDamage(error, `chunk ${id}`);
      if (harm === null) throw error;
      reason ??= harm.message;
    }
  }
  return reason ?? "no copy has this point";
}

async function addData({ writer, memory, options }: Healing, source: HealSource, range: ByteRange) {
  return await memory.batches.with(async (slot) => {
    const into = slot.subarray(0, range.end - range.start);
    const [id] = await writer.add("data", await source.disk.read(range, { ...options, into }));
    return id ?? null;
  });
}

/** A node follows from the bytes below it: they are read again, and every chunk and node on the way is named anew. */
async function rebuildNode(
  { writer, memory, chunks, image, options }: Healing,
  source: HealSource,
  { id, level, start }: LostParts["nodes"][number],
): Promise<string | null> {
  const within = { start, end: Math.min(start + spanOf(level), image.sizeBytes) };
  if (within.end <= start) throw damagedChunk(`node ${id}`, "the node is past the disk's end");
  const reads = intersectRanges(await source.listAllocated(), [within]);
  const addBatch = async (range: ByteRange): Promise<readonly (string | null)[]> =>
    await memory.batches.with(async (slot) => {
      const into = slot.subarray(0, range.end - range.start);
      return await writer.add("data", await source.disk.read(range, { ...options, into }));
    });
  const update = { nodes: createNodeReader(chunks), writer, addBatch, ...options };
  return await updateNode(update, { level, start, id: null }, { reads, zeros: [] });
}
