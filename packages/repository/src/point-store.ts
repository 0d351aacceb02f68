import type { DiskImage, RecoveryPoint } from "@holdfast/domain";
import { HoldfastError, hasErrorCode, invariant, normalizeRanges, totalLength } from "@holdfast/kernel";
import type { ByteRange, Clock, Random } from "@holdfast/kernel";
import type { BlobOptions, BlobStore } from "./blob-store/blob-store.ts";
import { checkRepository } from "./check.ts";
import type { CheckOptions } from "./check.ts";
import type { ChunkStore, RepositoryKeys, WriteOrder } from "./chunk-store.ts";
import { asDamage } from "./failure.ts";
import { sealObject } from "./crypto/sealed-object.ts";
import { chunkSizeBytes, maxDiskBytes, maxManifestBytes } from "./format/limits.ts";
import { healRepository } from "./heal/heal-repository.ts";
import type { HealCopy } from "./heal/heal-repository.ts";
import { encodeManifest, manifestName, readStoredPoint } from "./manifest.ts";
import type { StoredPoint } from "./manifest.ts";
import { createBases } from "./prune/bases.ts";
import { createDeletions } from "./prune/deletions.ts";
import { runPrune } from "./prune/run-prune.ts";
import type { PruneOptions } from "./prune/run-prune.ts";
import { putMark } from "./prune/marks.ts";
import { newestFirst, readPointRecord, readPointRecords } from "./prune/point-records.ts";
import { createWriters, pointWithdrawn } from "./prune/writers.ts";
import { openStoredDisk } from "./stored-disk.ts";
import { planReads, rootLevel, updateNode } from "./tree/disk-tree.ts";
import { compareTrees } from "./tree/compare-trees.ts";
import { createNodeReader } from "./tree/node-reader.ts";

export interface PointStoreParts {
  readonly store: BlobStore;
  readonly keys: RepositoryKeys;
  readonly chunks: ChunkStore;
  readonly random: Random;
  readonly clock?: Clock;
  /** False in tests of stores without one. */
  readonly hasConfig?: boolean;
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
  const { keys, chunks } = parts;
  const writers = createWriters({ ...parts, indexes: chunks.indexes });
  const bases = createBases(parts, writers);
  const listDifferences = createDifferences(chunks);
  const capture = (input: CaptureInput, options?: BlobOptions) =>
    writers.capture(async (writerId) => {
      if (input.base?.rootId != null) await bases.require(input.base.rootId, options);
      return await captureDisk(parts, input, { writerId, ...signalOf(options) });
    }, options);
  const publish = async (point: RecoveryPoint, options?: BlobOptions): Promise<void> => {
    const rootIds = point.disks.map(({ image }) => image.rootId).filter((rootId) => rootId !== null);
    await writers.publish(
      async (writerId) => {
        for (const rootId of rootIds) if (!writers.hasCaptured(rootId)) await bases.require(rootId, options);
        await publishPoint(parts, { point, writerId }, options);
      },
      rootIds,
      options,
    );
    bases.remember(point);
  };
  const own = { id: keys.repositoryId, captureDisk: capture, publishPoint: publish, listDifferences };
  return {
    ...own,
    /** The good points, newest first. */
    async listPoints(options?: BlobOptions): Promise<RecoveryPoint[]> {
      const records = await readPointRecords(parts, options);
      const points = records.filter(({ status }) => status === "good").map(({ point }) => point);
      for (const point of points) bases.remember(point);
      return points.sort(newestFirst);
    },
    /** Null where there is none that is good. */
    async findPoint(pointId: string, options?: BlobOptions): Promise<RecoveryPoint | null> {
      const record = await readPointRecord(parts, pointId, options);
      if (record?.status !== "good") return null;
      bases.remember(record.point);
      return record.point;
    },
    openDisk: async (image: DiskImage, _options?: BlobOptions) => openStoredDisk(chunks, image),
    ...createDeletions(parts),
    prune: (options?: PruneOptions) => runPrune({ ...parts, writers }, options),
    check: (options?: CheckOptions) => checkRepository(parts, options),
    /** Stores anew what is damaged, from copies of this repository's points. */
    heal: (copies: readonly HealCopy[], options?: CheckOptions) =>
      healRepository({ ...parts, own, writers }, copies, options),
    /** Every good point that can be read, in no order; what is damaged is left out. */
    async *readPoints(options?: BlobOptions): AsyncGenerator<RecoveryPoint> {
      const onDamage = (error: unknown, name: string): void => {
        if (asDamage(error, name) === null) throw error;
      };
      for (const { point, status } of await readPointRecords(parts, { ...signalOf(options), onDamage }))
        if (status === "good") yield point;
    },
    /** Ends the threads that work for this store. What is under way fails. */
    async [Symbol.asyncDispose]() {
      await writers[Symbol.asyncDispose]();
      await chunks[Symbol.asyncDispose]();
    },
  };
}

/** Answers where a later image may differ from an earlier one of the same size, or from a disk of zeros. */
function createDifferences(chunks: ChunkStore) {
  return async (
    { before, after }: { readonly before: DiskImage | null; readonly after: DiskImage },
    options?: BlobOptions,
  ) => {
    invariant(before === null || before.sizeBytes === after.sizeBytes, "images of two sizes are not compared");
    const ends = { before: before?.rootId ?? null, after: after.rootId };
    return await compareTrees(createNodeReader(chunks, 8), after.sizeBytes, ends, options);
  };
}

/** Whatever else a caller's options have is not for the store. */
function signalOf(options?: BlobOptions): BlobOptions {
  return options?.signal === undefined ? {} : { signal: options.signal };
}

async function publishPoint(parts: PointStoreParts, stored: StoredPoint, options?: BlobOptions): Promise<void> {
  const { store, keys, chunks } = parts;
  const { point } = stored;
  const name = manifestName(point.id);
  const isUnknown = ({ image }: { image: DiskImage }): boolean =>
    image.rootId !== null && !chunks.indexes.has(image.rootId);
  if (point.disks.some(isUnknown)) await chunks.indexes.refresh(options);
  for (const disk of point.disks) invariant(!isUnknown(disk), `image ${disk.image.rootId} is not durable here`);
  const sealed = sealObject(keys.master, name, parts.random.bytes(16), encodeManifest(stored));
  invariant(sealed.length <= maxManifestBytes, `point ${point.id} is larger than a manifest may be`);
  let { writerId } = stored;
  try {
    await store.put(name, sealed, options);
  } catch (error) {
    if (!hasErrorCode(error, "repository.store.exists")) throw error;
    // An earlier try may have reached the store before its answer was lost.
    const earlier = await readStoredPoint(parts, name, options);
    if (JSON.stringify(earlier.point) !== JSON.stringify(point)) throw pointExists(point.id, error);
    ({ writerId } = earlier);
  }
  // A prune that fenced the writer before the point was there may not have seen it.
  if (writerId === null || (await store.size(`fenced/${writerId}`, options)) === null) return;
  try {
    await putMark(parts, `deleted/${point.id}`, { round: 0, why: "withdrawn" }, options);
  } catch (error) {
    // Behind an append-only server only its own side hides points; without the mark the fence says the same to everybody.
    if (!hasErrorCode(error, "repository.store.append-only")) throw error;
  }
  throw pointWithdrawn(point.id);
}

function pointExists(pointId: string, cause: unknown): HoldfastError {
  return new HoldfastError({
    code: "repository.point.exists",
    message: `another point with the id ${pointId} is published`,
    advice: "Publish the point under a new id.",
    details: { pointId },
    cause,
  });
}

async function captureDisk({ chunks }: PointStoreParts, capture: CaptureInput, options: WriteOrder) {
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
        options.signal?.throwIfAborted();
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
