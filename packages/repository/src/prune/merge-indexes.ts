import { invariant } from "@holdfast/kernel";
import type { BlobOptions } from "../blob-store/blob-store.ts";
import type { ChunkStore } from "../chunk-store.ts";
import { sealObject } from "../crypto/sealed-object.ts";
import { encodeIndex } from "../format/index-object.ts";
import type { PackEntries } from "../format/index-object.ts";
import { maxIndexBytes } from "../format/limits.ts";
import { epochOfMerged, isMadeByPrune, mergedIndexName, rulesOf, writerOfIndex } from "./epoch.ts";
import type { Epoch, EpochParts } from "./epoch.ts";

/** Entries of an index object that prune makes: about 23 MiB. */
const entriesPerObject = 500_000;
/** An index object of fewer packs is small, and from so many small ones on they are joined: each costs every opener a call. */
const smallPacks = 16;
const tooManySmall = 64;

export interface IndexPlan {
  /** Index objects that are to go. */
  readonly retired: readonly string[];
  /** Packs that they name and that must be named anew. */
  readonly packIds: readonly string[];
}

/** Decides which index objects to replace, so that none names a doomed pack or belongs to a writer that is fenced now. */
export function planIndexes(
  objects: ReadonlyMap<string, readonly string[]>,
  latest: Epoch,
  next: { readonly doomed: readonly string[]; readonly fenced: readonly string[] },
): IndexPlan {
  const doomed = new Set(next.doomed);
  const { counts } = rulesOf(latest);
  const fenced = new Set(next.fenced);
  // Another prune may be at work on the epoch after the latest: what it makes is not garbage yet.
  const isGarbage = (name: string): boolean =>
    !counts(name) && !(isMadeByPrune(name) && epochOfMerged(name) > latest.epoch);
  const counting = [...objects].filter(([name]) => counts(name));
  const small = counting.filter(([, packIds]) => packIds.length < smallPacks);
  const joined = new Set(small.length > tooManySmall ? small.map(([name]) => name) : []);
  const replaced = counting.filter(
    ([name, packIds]) =>
      joined.has(name) ||
      packIds.some((packId) => doomed.has(packId)) ||
      (!isMadeByPrune(name) && fenced.has(writerOfIndex(name))),
  );
  const packIds = new Set(replaced.flatMap(([, named]) => named).filter((packId) => !doomed.has(packId)));
  const garbage = [...objects.keys()].filter(isGarbage);
  return { retired: [...garbage, ...replaced.map(([name]) => name)], packIds: [...packIds] };
}

/** Puts index objects for packs. They count only once the epoch names them. */
export async function putMergedIndexes(
  { store, keys, random }: EpochParts,
  { indexes: { table } }: ChunkStore,
  order: { readonly epoch: number; readonly packIds: readonly string[] },
  call: BlobOptions,
): Promise<string[]> {
  const names: string[] = [];
  let packs: PackEntries[] = [];
  let entryCount = 0;
  const flush = async (): Promise<void> => {
    if (packs.length === 0) return;
    const name = mergedIndexName(order.epoch, random);
    const sealed = sealObject(keys.master, name, random.bytes(16), encodeIndex(packs));
    invariant(sealed.length <= maxIndexBytes, "an index object is past its limit");
    await store.put(name, sealed, call);
    names.push(name);
    packs = [];
    entryCount = 0;
  };
  for (const packId of order.packIds) {
    const { first, end } = table.rowsOf(packId)!;
    packs.push({ packId, entries: Array.from({ length: end - first }, (_, i) => table.placeAt(first + i).entry) });
    entryCount += end - first;
    if (entryCount >= entriesPerObject) await flush();
  }
  await flush();
  return names;
}
