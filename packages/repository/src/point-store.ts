import type { DiskImage, RecoveryPoint } from "@holdfast/domain";
import { HoldfastError, hasErrorCode, invariant, mapBounded, normalizeRanges, totalLength } from "@holdfast/kernel";
import type { ByteRange, Random } from "@holdfast/kernel";
import type { BlobOptions, BlobStore } from "./blob-store/blob-store.ts";
import { checkRepository } from "./check.ts";
import type { CheckOptions } from "./check.ts";
import type { ChunkStore, RepositoryKeys } from "./chunk-store.ts";
import { asDamage } from "./failure.ts";
import { sealObject } from "./crypto/sealed-object.ts";
import { chunkSizeBytes, maxDiskBytes, maxManifestBytes } from "./format/limits.ts";
import { manifestName, readManifest } from "./manifest.ts";
import { openStoredDisk } from "./stored-disk.ts";
import { planReads, rootLevel, updateNode } from "./tree/disk-tree.ts";
import { compareTrees } from "./tree/compare-trees.ts";
import { createNodeReader } from "./tree/node-reader.ts";

/** One after the other, the round trips of a store far away would add up. */
const manifestsAtOnce = 16;

export interface PointStoreParts {
  readonly store: BlobStore;
  readonly keys: RepositoryKeys;
  readonly chunks: ChunkStore;
  readonly random: Random;
}

export interface CaptureInput {
  readonly source: {
    readonly sizeBytes: number;
    /** Answers the bytes: `into`, filled, where the source can put them there, else memory of its own. */
    read(range: ByteRange, options?: BlobOptions & { readonly into?: Uint8Array }): Promise<Uint8Array>;
  };
  readonly ranges: readonly ByteRange[];
  readonly zeroRanges?: readonly ByteRange[];
  readonly base?: DiskImage;
  readonly onProgress?: (progress: { readBytes: number; totalBytes: number; storedBytes: number }) => void;
}

/** The store of recovery points over an open repository. Matches the engine's port by structure. */
export function createPointStore(parts: PointStoreParts) {
  const { store, keys, chunks } = parts;
  const list = async (options?: BlobOptions): Promise<RecoveryPoint[]> => {
    const read = (name: string, { signal }: BlobOptions): Promise<RecoveryPoint> =>
      readManifest(parts, name, signal === undefined ? {} : { signal });
    const bounded = { limit: manifestsAtOnce, ...(options?.signal === undefined ? {} : { signal: options.signal }) };
    const points = await mapBounded(store.list("points/", options), read, bounded);
    return points.sort((a, b) => b.publishedAtMs - a.publishedAtMs || (a.id < b.id ? -1 : 1));
  };
  const find = async (pointId: string, options?: BlobOptions): Promise<RecoveryPoint | null> => {
    const name = manifestName(pointId);
    return (await store.size(name, options)) === null ? null : readManifest(parts, name, options);
  };
  return {
    id: keys.repositoryId,
    captureDisk: (capture: CaptureInput, options?: BlobOptions) => captureDisk(parts, capture, options),
    listPoints: list,
    findPoint: find,
    /** Every point that can be read, in no order; what is damaged is left out. */
    async *readPoints(options?: BlobOptions): AsyncGenerator<RecoveryPoint> {
      for await (const name of store.list("points/", options)) {
        try {
          yield await readManifest(parts, name, options);
        } catch (error) {
          if (asDamage(error, name) === null) throw error;
        }
      }
    },
    /** Where a later image may differ from an earlier one of the same size, or from a disk of zeros. */
    listDifferences: async (
      { before, after }: { readonly before: DiskImage | null; readonly after: DiskImage },
      options?: BlobOptions,
    ) => {
      invariant(before === null || before.sizeBytes === after.sizeBytes, "images of two sizes are not compared");
      const ends = { before: before?.rootId ?? null, after: after.rootId };
      return await compareTrees(createNodeReader(chunks, 8), after.sizeBytes, ends, options);
    },
    openDisk: async (image: DiskImage, _options?: BlobOptions) => openStoredDisk(chunks, image),
    check: (options?: CheckOptions) => checkRepository(parts, options),
    publishPoint: (point: RecoveryPoint, options?: BlobOptions) => publishPoint(parts, point, options),
    /** Ends the threads that work for this store. What is under way fails. */
    [Symbol.asyncDispose]: () => chunks[Symbol.asyncDispose](),
  };
}

async function publishPoint(parts: PointStoreParts, point: RecoveryPoint, options?: BlobOptions): Promise<void> {
  const { store, keys, chunks } = parts;
  const name = manifestName(point.id);
  const isUnknown = ({ image }: { image: DiskImage }): boolean =>
    image.rootId !== null && !chunks.indexes.has(image.rootId);
  if (point.disks.some(isUnknown)) await chunks.indexes.refresh(options);
  for (const disk of point.disks) invariant(!isUnknown(disk), `image ${disk.image.rootId} is not durable here`);
  const text = JSON.stringify(point);
  const sealed = sealObject(keys.master, name, parts.random.bytes(16), Buffer.from(text));
  invariant(sealed.length <= maxManifestBytes, `point ${point.id} is larger than a manifest may be`);
  try {
    await store.put(name, sealed, options);
  } catch (error) {
    if (!hasErrorCode(error, "repository.store.exists")) throw error;
    // An earlier try may have reached the store before its answer was lost.
    if (JSON.stringify(await readManifest(parts, name, options)) === text) return;
    throw new HoldfastError({
      code: "repository.point.exists",
      message: `another point with the id ${point.id} is published`,
      advice: "Publish the point under a new id.",
      details: { pointId: point.id },
      cause: error,
    });
  }
}

async function captureDisk({ chunks }: PointStoreParts, capture: CaptureInput, options?: BlobOptions) {
  const { source, base, ranges, zeroRanges } = capture;
  const { sizeBytes } = source;
  invariant(
    Number.isSafeInteger(sizeBytes) && sizeBytes > 0 && sizeBytes <= maxDiskBytes,
    "disk size is past the limits",
  );
  invariant(base === undefined || base.sizeBytes === sizeBytes, "the base has another size");
  // Another writer may have published the base, or the same chunks, since the repository was opened.
  await chunks.indexes.refresh(options);
  const work = planReads(sizeBytes, normalizeRanges(ranges), normalizeRanges(zeroRanges ?? []));
  const totalBytes = totalLength(work.reads);
  return await chunks.write(async (writer, { batches, pieces }) => {
    let readBytes = 0;
    const addBatch = async (range: ByteRange): Promise<readonly (string | null)[]> =>
      await (range.end - range.start > chunkSizeBytes ? batches : pieces).with(async (slot) => {
        options?.signal?.throwIfAborted();
        const into = slot.subarray(0, range.end - range.start);
        const bytes = await source.read(range, { ...options, into });
        invariant(bytes.length === into.length, "the source answered another length than asked");
        if (bytes.buffer !== into.buffer) into.set(bytes);
        readBytes += bytes.length;
        capture.onProgress?.({ readBytes, totalBytes, storedBytes: writer.bytes.stored });
        return await writer.add("data", into);
      });
    const nodes = createNodeReader(chunks);
    const update = { nodes, writer, addBatch, ...(options?.signal === undefined ? {} : { signal: options.signal }) };
    const root = { level: rootLevel(sizeBytes), start: 0, id: base?.rootId ?? null };
    const rootId = await updateNode(update, root, work);
    await writer.finish();
    const image: DiskImage = { rootId, sizeBytes, chunkSizeBytes };
    return { image, readBytes, addedBytes: writer.bytes.added, storedBytes: writer.bytes.stored };
  }, options);
}
