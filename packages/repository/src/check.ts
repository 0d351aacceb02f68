import { HoldfastError, mapBounded } from "@holdfast/kernel";
import type { RecoveryPoint } from "@holdfast/domain";
import type { BlobOptions, BlobStore } from "./blob-store/blob-store.ts";
import type { ChunkStore, RepositoryKeys } from "./chunk-store.ts";
import { readManifest } from "./manifest.ts";
import { walkTree } from "./tree/disk-tree.ts";

export interface CheckOptions extends BlobOptions {
  readonly onProgress?: (progress: { readonly readBytes: number; readonly totalBytes: number }) => void;
}

interface Finding {
  readonly code: string;
  readonly object: string;
  readonly message: string;
  readonly pointIds: readonly string[];
}

/** Reads, opens and re-hashes all that every point needs; names what is damaged and the points it touches. */
export async function checkRepository(
  parts: { readonly store: BlobStore; readonly keys: RepositoryKeys; readonly chunks: ChunkStore },
  options: CheckOptions = {},
) {
  const { store, chunks } = parts;
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const findings = new Map<string, Finding>();
  const report = (error: unknown, pointIds: readonly string[]): void => {
    if (!(error instanceof HoldfastError) || typeof error.details["object"] !== "string") throw error;
    const { code, message } = error;
    const object = error.details["object"];
    const known = findings.get(`${code} ${object}`)?.pointIds ?? [];
    findings.set(`${code} ${object}`, { code, object, message, pointIds: [...new Set([...known, ...pointIds])] });
  };
  for (const { object, message } of chunks.indexDamage)
    findings.set(object, { code: "repository.index.damaged", object, message, pointIds: [] });
  const points: RecoveryPoint[] = [];
  for await (const name of store.list("points/", call)) {
    try {
      points.push(await readManifest(parts, name, call));
    } catch (error) {
      report(error, [name.slice("points/".length)]);
    }
  }
  const users = new Map<string, { length: number; pointIds: Set<string> }>();
  for (const point of points) {
    for (const { image } of point.disks) {
      const all = { start: 0, end: image.sizeBytes };
      const onLost = (error: unknown): void => report(error, [point.id]);
      for await (const { id, kind, range } of walkTree(chunks, image, all, { ...call, onLost })) {
        if (kind === "node") continue;
        const user = users.get(id) ?? { length: range.end - range.start, pointIds: new Set() };
        users.set(id, { ...user, pointIds: user.pointIds.add(point.id) });
      }
    }
  }
  const totalBytes = [...users.values()].reduce((sum, user) => sum + user.length, 0);
  let readBytes = 0;
  const verify = async ([id, user]: [string, { length: number; pointIds: Set<string> }]): Promise<void> => {
    try {
      readBytes += (await chunks.read(id, "data", call)).length;
    } catch (error) {
      report(error, [...user.pointIds]);
    }
    options.onProgress?.({ readBytes, totalBytes });
  };
  await mapBounded(users, verify, { limit: 8, ...call });
  return { pointCount: points.length, chunkCount: users.size, readBytes, findings: [...findings.values()] };
}
