import { HoldfastError, MiB, hasErrorCode, mapBounded } from "@holdfast/kernel";
import type { Clock, Random } from "@holdfast/kernel";
import type { BlobStore, StoreTraits } from "./blob-store.ts";
import type { StoreObligation } from "./store-obligations.ts";
import { storeObligations } from "./store-obligations.ts";

export interface ObligationVerdict {
  readonly name: string;
  readonly isNeeded: boolean;
  readonly holds: boolean;
  readonly durationMs: number;
  /** Why it does not hold; null where it does. */
  readonly reason: string | null;
}

export interface StoreRates {
  readonly putBytesPerSecond: number;
  readonly getBytesPerSecond: number;
  /** Median of small puts, one after the other. */
  readonly smallPutMs: number;
}

export interface StoreVerdict {
  /** `weak`: only what a repository lives without does not hold. */
  readonly verdict: "sound" | "weak" | "unfit";
  readonly obligations: readonly ObligationVerdict[];
  readonly traits: StoreTraits;
  /** Null where no put and read succeeded. */
  readonly rates: StoreRates | null;
  /** Objects in the scratch folder that could not be deleted. */
  readonly leftCount: number;
}

export interface ValidateDeps {
  /** Opens a client of a folder in the store, which no other uses. */
  readonly openFolder: (folder: string) => Promise<BlobStore>;
  /** The same with a lock of one day, where the location asks for locks; one small object stays until it is over. */
  readonly openLocked: ((folder: string) => Promise<BlobStore>) | null;
  readonly clock: Clock;
  readonly random: Random;
}

export interface ValidateOptions {
  readonly signal?: AbortSignal;
  readonly onObligation?: (verdict: ObligationVerdict) => void;
}

const rateObjects = 8;
const rateObjectBytes = 4 * MiB;

/**
 * Judges a store by every obligation, each in a folder of its own under `scratch`, measures it, and deletes what it put.
 * Raises only where the store cannot be asked at all; what it does not keep is in the answer.
 */
export async function validateStore(
  scratch: string,
  deps: ValidateDeps,
  options: ValidateOptions = {},
): Promise<StoreVerdict> {
  // A wrong key or a bucket that is not there is no verdict on the store.
  await (await deps.openFolder(scratch)).size("config", options);
  const obligations: ObligationVerdict[] = [];
  let leftCount = 0;
  const { openLocked } = deps;
  const all = openLocked === null ? storeObligations : [...storeObligations, locking];
  for (const [i, { name, isNeeded, run }] of all.entries()) {
    options.signal?.throwIfAborted();
    const folder = `${scratch}/o${i}`;
    const store = await (name === locking.name && openLocked !== null ? openLocked : deps.openFolder)(folder);
    const startedMs = deps.clock.monotonicMs();
    const reason = await reasonOf(async () => await run({ store, other: await deps.openFolder(folder) }));
    const durationMs = deps.clock.monotonicMs() - startedMs;
    const verdict = { name, isNeeded, holds: reason === null, durationMs, reason };
    obligations.push(verdict);
    options.onObligation?.(verdict);
    leftCount += await clear(store);
  }
  const measured = await deps.openFolder(`${scratch}/rate`);
  const rates = await measure(measured, deps, options).catch((error: unknown) => {
    if (error instanceof HoldfastError && error.kind !== "bug") return null;
    throw error;
  });
  const traits = (await measured.readTraits?.(options)) ?? plainTraits;
  leftCount += await clear(measured);
  await (await deps.openFolder(scratch)).removeTraces?.();
  const broken = obligations.filter(({ holds }) => !holds);
  const verdict = broken.length === 0 ? "sound" : broken.some(({ isNeeded }) => isNeeded) ? "unfit" : "weak";
  return { verdict, obligations, traits, rates, leftCount };
}

const locking: StoreObligation = {
  name: "locks what it is asked to lock, and refuses to delete it",
  isNeeded: true,
  async run({ store }) {
    await store.put("points/locked", Buffer.from("holdfast repo validate"));
    const raised = await store.delete("points/locked").then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!hasErrorCode(raised, "repository.store.locked"))
      throw new Error(
        `the deletion of a locked object ${raised instanceof Error ? `raised: ${raised.message}` : "succeeded"}`,
      );
  },
};

const plainTraits: StoreTraits = { hasExclusiveCreate: true, objectLock: null, medium: null };

/** Whatever an obligation raises is the store's verdict: also what no adapter foresaw. */
async function reasonOf(run: () => Promise<void>): Promise<string | null> {
  try {
    await run();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Answers how many objects could not be deleted. */
async function clear(store: BlobStore): Promise<number> {
  let left = 0;
  const names = await Array.fromAsync(store.list("")).catch(() => []);
  await mapBounded(
    names,
    async (name) => {
      if ((await reasonOf(() => store.delete(name))) !== null) left += 1;
    },
    { limit: 16 },
  );
  await store.removeTraces?.();
  return left;
}

async function measure(
  store: BlobStore,
  { clock, random }: ValidateDeps,
  options: ValidateOptions,
): Promise<StoreRates> {
  const bytes = random.bytes(rateObjectBytes);
  const names = Array.from({ length: rateObjects }, (_, i) => `packs/aa/aa${i}`);
  const time = async (work: () => Promise<unknown>): Promise<number> => {
    const startedMs = clock.monotonicMs();
    await work();
    return Math.max(clock.monotonicMs() - startedMs, 0.001);
  };
  const bounded = { limit: 4, ...(options.signal === undefined ? {} : { signal: options.signal }) };
  const putMs = await time(() => mapBounded(names, (name) => store.put(name, bytes), bounded));
  const getMs = await time(() => mapBounded(names, (name) => store.get(name), bounded));
  const smallMs: number[] = [];
  for (let i = 0; i < 21; i += 1)
    smallMs.push(await time(() => store.put(`points/p${i}`, bytes.subarray(0, 200), options)));
  const totalBytes = rateObjects * rateObjectBytes;
  return {
    putBytesPerSecond: (totalBytes / putMs) * 1000,
    getBytesPerSecond: (totalBytes / getMs) * 1000,
    smallPutMs: smallMs.toSorted((a, b) => a - b)[10] ?? 0,
  };
}
