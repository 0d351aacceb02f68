import { mapBounded } from "@holdfast/kernel";
import type { HoldfastError } from "@holdfast/kernel";
import type { BlobOptions, BlobStore } from "../blob-store/blob-store.ts";
import type { CheckParts } from "../check.ts";
import type { RepositoryKeys } from "../chunk-store.ts";
import { asDamage, damaged, missingChunk } from "../failure.ts";
import { encodeEntries } from "../format/chunk-entry.ts";
import type { ChunkEntry } from "../format/chunk-entry.ts";
import {
  decodeTrailer,
  openDirectory,
  packHeader,
  packHeaderBytes,
  packName,
  packTrailerBytes,
} from "../format/pack.ts";
import { maxPackBytes } from "../format/limits.ts";

/**
 * Compares the directory of every pack with what the index says of it. Answers what is wrong with which pack, and how many
 * packs no index names: what a killed capture leaves, or packs of an index that is damaged.
 */
export async function checkPacks(parts: CheckParts, call: BlobOptions) {
  const { indexes } = parts.chunks;
  const { table } = indexes;
  const absent = new Set(table.packIds.filter((packId) => indexes.isNamed(packId)));
  const harmedPacks = new Map<string, HoldfastError>();
  let orphanPackCount = 0;
  const compare = async (name: string): Promise<void> => {
    const packId = name.slice(name.lastIndexOf("/") + 1);
    const rows = table.rowsOf(packId);
    if (rows === null || !indexes.isNamed(packId) || packName(packId) !== name) {
      orphanPackCount += 1;
      return;
    }
    absent.delete(packId);
    try {
      const entries = await readDirectory(parts, packId, call);
      const expected = Array.from({ length: rows.end - rows.first }, (_, i) => table.placeAt(rows.first + i).entry);
      if (!encodeEntries(entries).equals(encodeEntries(expected)))
        throw damaged("repository.pack.damaged", name, "its directory and the index disagree");
    } catch (error) {
      const harm = asDamage(error, name);
      if (harm === null) throw error;
      harmedPacks.set(packId, harm);
    }
  };
  await mapBounded(parts.store.list("packs/", call), compare, { limit: 8, ...call });
  for (const packId of absent) harmedPacks.set(packId, missingChunk(packName(packId)));
  // A prune may have replaced the index and deleted packs meanwhile.
  if (harmedPacks.size > 0) await indexes.refresh(call);
  for (const packId of harmedPacks.keys()) if (!indexes.isNamed(packId)) harmedPacks.delete(packId);
  return { orphanPackCount, harmedPacks };
}

/** Reads the directory at the end of a pack; raises `repository.pack.damaged`. */
export async function readDirectory(
  { store, keys }: { readonly store: BlobStore; readonly keys: RepositoryKeys },
  packId: string,
  options?: BlobOptions,
): Promise<ChunkEntry[]> {
  const name = packName(packId);
  const broken = (reason: string, cause?: unknown) => damaged("repository.pack.damaged", name, reason, cause);
  const size = (await store.size(name, options)) ?? 0;
  if (size < packHeaderBytes + packTrailerBytes || size > maxPackBytes) throw broken(`no pack has ${size} bytes`);
  const header = await store.get(name, { start: 0, end: packHeaderBytes }, options);
  if (!packHeader(packId).equals(header)) throw broken("it does not begin as this pack");
  const end = size - packTrailerBytes;
  const trailer = await store.get(name, { start: end, end: size }, options);
  const attempt = <T>(decode: () => T): T => {
    try {
      return decode();
    } catch (error) {
      throw broken("its directory does not open", error);
    }
  };
  const length = attempt(() => decodeTrailer(trailer, size));
  const sealed = await store.get(name, { start: end - length, end }, options);
  return attempt(() => openDirectory(keys.master, packId, sealed));
}
