import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { DiskImage, RecoveryPoint } from "@holdfast/domain";
import type { ByteRange, Random } from "@holdfast/kernel";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { openChunkStore } from "../chunk-store.ts";
import type { RepositoryKeys } from "../chunk-store.ts";
import type { Codec } from "../crypto/codec.ts";
import { createInlineCodec } from "../crypto/inline-codec.ts";
import { createPointStore } from "../point-store.ts";

export const strongRandom: Random = { bytes: (n) => randomBytes(n), uuid: () => randomUUID(), fraction: () => 0.5 };

/** Keys of every repository here: stretching a passphrase would take most of a test's time. */
export const testKeys = { repositoryId: "test", master: Buffer.alloc(32, 1), idKey: Buffer.alloc(32, 2) };

export type TestPoints = Awaited<ReturnType<typeof openKeyed>>;

/** Keys of another repository, for copies. */
export const otherKeys = { repositoryId: "other", master: Buffer.alloc(32, 3), idKey: Buffer.alloc(32, 4) };

/** Opens a store as a repository under fixed keys, without a config. */
export async function openKeyed(store: BlobStore, codec?: Codec, keys: RepositoryKeys = testKeys) {
  const parts = { store, keys, random: strongRandom, codec: codec ?? createInlineCodec(keys) };
  return createPointStore({ ...parts, chunks: await openChunkStore(parts) });
}

/** Answers copies: what a source answers is the repository's, and `slice` of a Buffer copies nothing. */
export function diskOf(bytes: Uint8Array) {
  return {
    sizeBytes: bytes.length,
    read: async ({ start, end }: ByteRange) => Uint8Array.from(bytes.subarray(start, end)),
  };
}

/** A point with only what the repository looks at. */
export function pointOf(id: string, image: DiskImage): RecoveryPoint {
  return { id, publishedAtMs: 1, disks: [{ image }] } as unknown as RecoveryPoint;
}

export async function captureAll(points: TestPoints, bytes: Uint8Array, base?: DiskImage): Promise<DiskImage> {
  const ranges = [{ start: 0, end: bytes.length }];
  return (await points.captureDisk({ source: diskOf(bytes), ranges, ...(base === undefined ? {} : { base }) })).image;
}

export async function readAll(points: TestPoints, image: DiskImage): Promise<Buffer> {
  return Buffer.from(await (await points.openDisk(image)).read({ start: 0, end: image.sizeBytes }));
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
