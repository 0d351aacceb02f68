import { hasErrorCode, invariant } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";
import type { BlobOptions, BlobStore } from "../blob-store/blob-store.ts";
import type { ReuseRules } from "../chunk-index/index-set.ts";
import type { RepositoryKeys } from "../chunk-store.ts";
import { openObject, sealObject } from "../crypto/sealed-object.ts";
import { damaged } from "../failure.ts";
import { maxIndexBytes } from "../format/limits.ts";
import { readObject } from "../read-object.ts";

/** What prune has decided, all of it. One object, so it is there whole or not at all; see docs/concurrency.md. */
export interface Epoch {
  readonly epoch: number;
  /** Counts prunes; several epochs may be of one. */
  readonly round: number;
  /** Packs that no capture may rely on, and the epoch since when. */
  readonly condemned: Readonly<Record<string, number>>;
  /** Packs to delete. */
  readonly doomed: readonly string[];
  /** Index objects to delete. */
  readonly retired: readonly string[];
  /** Index objects that prune made and that count. */
  readonly merged: readonly string[];
  readonly fenced: readonly string[];
  /** The points that were there and are not to be dropped. */
  readonly points: readonly string[];
  /** Deleted points that cannot be brought back, and the epoch since when. */
  readonly expired: Readonly<Record<string, number>>;
  /** Points to delete. */
  readonly dropped: readonly string[];
  /** Writers that had not ended: the last beat, and how many prunes have seen it. */
  readonly writers: readonly SeenWriter[];
  /** Writers whose marks are to be deleted. */
  readonly ended: readonly string[];
}

export interface SeenWriter {
  readonly id: string;
  readonly beat: number;
  readonly seen: number;
  /** The prune that saw it last. */
  readonly round: number;
}

export interface EpochParts {
  readonly store: BlobStore;
  readonly keys: RepositoryKeys;
  readonly random: Random;
}

/** Epochs that stay: so that a number is not free again for a process that slept. */
const keptEpochs = 64;

export const noEpoch: Epoch = {
  epoch: 0,
  round: 0,
  condemned: {},
  doomed: [],
  retired: [],
  merged: [],
  fenced: [],
  points: [],
  expired: {},
  dropped: [],
  writers: [],
  ended: [],
};

/** Answers the highest number; 0 where nothing was ever pruned. */
export async function latestEpochNumber(store: BlobStore, options?: BlobOptions): Promise<number> {
  let latest = 0;
  for await (const name of store.list("epochs/", options)) latest = Math.max(latest, numberOf(name));
  return latest;
}

/** Reads the epoch that counts. */
export async function readLatestEpoch(
  parts: Pick<EpochParts, "store" | "keys">,
  options?: BlobOptions,
): Promise<Epoch> {
  for (let tries = 0; ; tries += 1) {
    const latest = await latestEpochNumber(parts.store, options);
    if (latest === 0) return noEpoch;
    try {
      return await readEpoch(parts, latest, options);
    } catch (error) {
      // So many epochs were made since the listing that this one was swept away.
      if (!hasErrorCode(error, "repository.store.missing") || tries > 2) throw error;
    }
  }
}

async function readEpoch(
  { store, keys }: Pick<EpochParts, "store" | "keys">,
  epoch: number,
  options?: BlobOptions,
): Promise<Epoch> {
  const name = epochName(epoch);
  const code = "repository.epoch.damaged";
  const sealed = await readObject(store, name, { maxBytes: maxIndexBytes, code }, options);
  const plain = openObject(keys.master, name, sealed, code);
  try {
    return JSON.parse(plain.toString("utf8")) as Epoch;
  } catch (error) {
    throw damaged(code, name, "the epoch is not JSON", error);
  }
}

/** Makes an epoch the one that counts. Answers false where another process has its number. */
export async function putEpoch(
  { store, keys, random }: EpochParts,
  epoch: Epoch,
  options?: BlobOptions,
): Promise<boolean> {
  const name = epochName(epoch.epoch);
  const sealed = sealObject(keys.master, name, random.bytes(16), Buffer.from(JSON.stringify(epoch)));
  invariant(sealed.length <= maxIndexBytes, "an epoch is past its limit");
  try {
    await store.put(name, sealed, options);
  } catch (error) {
    if (hasErrorCode(error, "repository.store.exists")) return false;
    throw error;
  }
  // A number that was swept away is free again, and means nothing.
  return (await latestEpochNumber(store, options)) === epoch.epoch;
}

/** Deletes epochs that nobody can need any more. */
export async function sweepEpochs(store: BlobStore, latest: number, options?: BlobOptions): Promise<void> {
  for (const name of await Array.fromAsync(store.list("epochs/", options)))
    if (numberOf(name) <= latest - keptEpochs) await store.delete(name, options);
}

/** What captures may rely on while an epoch counts. */
export function rulesOf(epoch: Epoch): ReuseRules {
  const fenced = new Set(epoch.fenced);
  const merged = new Set(epoch.merged);
  const retired = new Set(epoch.retired);
  const isSound = (name: string): boolean =>
    isMadeByPrune(name) ? merged.has(name) : !fenced.has(writerOfIndex(name));
  return {
    epoch: epoch.epoch,
    condemned: new Set([...Object.keys(epoch.condemned), ...epoch.doomed]),
    // A lock may keep what is retired.
    counts: (name) => !retired.has(name) && isSound(name),
  };
}

const pruneMark = "00000000";

/** Names an index object that is made for an epoch; it counts only once the epoch names it. */
export function mergedIndexName(epoch: number, random: Random): string {
  return `index/${pruneMark}${epoch.toString(16).padStart(8, "0")}${Buffer.from(random.bytes(8)).toString("hex")}`;
}

export function isMadeByPrune(name: string): boolean {
  return name.startsWith(`index/${pruneMark}`);
}

/** The epoch that an index object of prune was made for. */
export function epochOfMerged(name: string): number {
  return Number.parseInt(name.slice(14, 22), 16);
}

export function writerOfIndex(name: string): string {
  return name.slice(6, 22);
}

/** Makes the id of a writer: 8 bytes, not those by which prune marks its own. */
export function newWriterId(random: Random): string {
  for (;;) {
    const id = Buffer.from(random.bytes(8)).toString("hex");
    if (!id.startsWith(pruneMark)) return id;
  }
}

function epochName(epoch: number): string {
  return `epochs/${String(epoch).padStart(10, "0")}`;
}

function numberOf(name: string): number {
  const number = Number(name.slice("epochs/".length));
  return Number.isSafeInteger(number) ? number : 0;
}
