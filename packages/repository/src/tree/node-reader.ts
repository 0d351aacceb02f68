import type { BlobOptions } from "../blob-store/blob-store.ts";
import type { ChunkStore } from "../chunk-store.ts";
import { damagedChunk } from "../failure.ts";
import { decodeNode } from "./node.ts";
import type { Children } from "./node.ts";

export interface NodeReader {
  /** Reads a node of a level; raises `repository.chunk.damaged` or `repository.chunk.missing`. Do not change the answer. */
  read(level: number, id: string, options?: BlobOptions): Promise<Readonly<Children>>;
}

/** Reads nodes and keeps the `capacity` used last. */
export function createNodeReader(chunks: ChunkStore, capacity = 0): NodeReader {
  const kept = new Map<string, Readonly<Children>>();
  return {
    async read(level, id, options) {
      options?.signal?.throwIfAborted();
      const key = `${level} ${id}`;
      const children = kept.get(key) ?? (await readNode(chunks, level, id, options));
      kept.delete(key);
      kept.set(key, children);
      if (kept.size > capacity) kept.delete(kept.keys().next().value!);
      return children;
    },
  };
}

async function readNode(chunks: ChunkStore, level: number, id: string, options?: BlobOptions): Promise<Children> {
  const bytes = await chunks.read(id, "node", options);
  try {
    return decodeNode(level, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch (error) {
    throw damagedChunk(`node ${id}`, "the node does not decode", error);
  }
}
