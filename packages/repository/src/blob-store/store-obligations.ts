import { HoldfastError, MiB, hasErrorCode, mapBounded } from "@holdfast/kernel";
import type { BlobStore } from "./blob-store.ts";

/** A place to judge, empty and used by nobody else. */
export interface ObligationPlace {
  readonly store: BlobStore;
  /** Another client of the same place; the same one where there is no other. */
  readonly other: BlobStore;
}

/** One thing that `BlobStore` promises. `run` raises, with a sentence, where a store does not keep it. */
export interface StoreObligation {
  readonly name: string;
  /** False where a repository lives without it, with a loss that docs/stores.md names. */
  readonly isNeeded: boolean;
  readonly run: (place: ObligationPlace) => Promise<void>;
}

/** More than any kind of store puts in one page of a listing that it would put in small pages. */
const manyNames = 1_100;
/** Above the largest pack, which is 32 MiB. */
const largeBytes = 33 * MiB + 7;

const text = (value: string): Buffer => Buffer.from(value, "utf8");

function patterned(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) bytes[i] = i * 31 + seed + (i >> 8);
  return bytes;
}

function claim(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(sentence);
}

function claimBytes(found: Uint8Array, expected: Uint8Array, what: string): void {
  claim(found.length === expected.length, `${what}: ${found.length} bytes came back, and not ${expected.length}`);
  claim(Buffer.from(found).equals(expected), `${what}: other bytes came back`);
}

function claimNames(found: readonly string[], expected: readonly string[], what: string): void {
  const missing = expected.filter((name) => !found.includes(name));
  const surplus = found.filter((name) => !expected.includes(name));
  claim(missing.length === 0, `${what}: ${missing.length} names are missing, such as ${missing[0]}`);
  claim(surplus.length === 0, `${what}: ${surplus.length} names do not belong, such as ${surplus[0]}`);
  claim(found.length === expected.length, `${what}: a name is there twice`);
}

async function claimRaises(work: Promise<unknown>, code: string, what: string): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (hasErrorCode(error, code)) return;
    const told = error instanceof HoldfastError ? error.code : String(error);
    throw new Error(`${what} raised ${told}, and not ${code}`, { cause: error });
  }
  throw new Error(`${what} succeeded, and did not raise ${code}`);
}

async function claimAborts(work: Promise<unknown>, reason: Error, what: string): Promise<void> {
  const raised = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  claim(raised === reason, `${what} did not raise the reason of its signal`);
}

async function listed(store: BlobStore, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const name of store.list(prefix)) names.push(name);
  return names.toSorted();
}

const needed: Readonly<Record<string, StoreObligation["run"]>> = {
  async "gives back the bytes that were put"({ store }) {
    const bytes = patterned(300_001, 1);
    await store.put("packs/ab/abc", bytes);
    claimBytes(await store.get("packs/ab/abc"), bytes, "a pack");
  },

  async "keeps an empty object"({ store }) {
    await store.put("points/empty", new Uint8Array());
    claim((await store.size("points/empty")) === 0, "the size of an empty object is not 0");
    claimBytes(await store.get("points/empty"), new Uint8Array(), "an empty object");
    claimNames(await listed(store, "points/"), ["points/empty"], "the listing");
  },

  async "keeps its own copy of the bytes"({ store }) {
    const bytes = text("before");
    await store.put("config", bytes);
    bytes.fill(0);
    const read = await store.get("config");
    read.fill(1);
    claimBytes(await store.get("config"), text("before"), "an object whose source was changed after the put");
  },

  async "takes bytes that threads share, and fills memory that is handed in"({ store }) {
    const shared = new Uint8Array(new SharedArrayBuffer(2 * MiB));
    shared.set(patterned(shared.length, 9));
    const bytes = shared.subarray(0, 2 * MiB - 5_000);
    await store.put("packs/ab/abc", bytes);
    claimBytes(await store.get("packs/ab/abc"), bytes, "an object from shared memory");
    for (const buffer of [new ArrayBuffer(3 * MiB), new SharedArrayBuffer(3 * MiB)]) {
      const into = new Uint8Array(buffer);
      const read = await store.get("packs/ab/abc", { start: 1_000, end: 1_100_000 }, { into });
      claimBytes(read, bytes.subarray(1_000, 1_100_000), "a range read into memory that was handed in");
    }
  },

  async "keeps an object larger than the largest pack, and reads its end"({ store }) {
    const bytes = patterned(largeBytes, 6);
    await store.put("packs/ab/large", bytes);
    claim((await store.size("packs/ab/large")) === largeBytes, "the size of a large object is wrong");
    claimBytes(await store.get("packs/ab/large"), bytes, "a large object");
    const start = largeBytes - 100;
    claimBytes(await store.get("packs/ab/large", { start, end: largeBytes }), bytes.subarray(start), "its end");
  },

  async "reads an object no larger than it may be, and raises repository.store.too-large for another"({ store }) {
    const bytes = patterned(10_000, 4);
    await store.put("config", bytes);
    claimBytes(await store.get("config", undefined, { maxBytes: 10_000 }), bytes, "an object of just the size allowed");
    await claimRaises(
      store.get("config", undefined, { maxBytes: 9_999 }),
      "repository.store.too-large",
      "a larger one",
    );
    claimBytes(await store.get("config"), bytes, "the same object after it was refused");
  },

  async "answers exactly the range asked for"({ store }) {
    const bytes = patterned(10_000, 2);
    await store.put("config", bytes);
    const ranges = [
      [0, 10_000],
      [0, 1],
      [9_999, 10_000],
      [4_095, 4_097],
      [123, 9_876],
      [7, 7],
      [10_000, 10_000],
    ] as const;
    for (const [start, end] of ranges)
      claimBytes(await store.get("config", { start, end }), bytes.subarray(start, end), `the range ${start}-${end}`);
  },

  async "answers many ranges of one object at the same time"({ store }) {
    const bytes = patterned(2 * MiB, 7);
    await store.put("packs/ab/abc", bytes);
    const starts = Array.from({ length: 32 }, (_, i) => i * 65_521);
    await mapBounded(
      starts,
      async (start) =>
        claimBytes(
          await store.get("packs/ab/abc", { start, end: start + 65_536 }),
          bytes.subarray(start, start + 65_536),
          `the range from ${start}`,
        ),
      { limit: 16 },
    );
  },

  async "raises where the object ends before the range does"({ store }) {
    await store.put("config", patterned(100, 3));
    const ranges = [
      [0, 101],
      [99, 101],
      [100, 101],
      [101, 101],
      [5_000, 6_000],
    ] as const;
    for (const [start, end] of ranges)
      await claimRaises(store.get("config", { start, end }), "repository.store.short", `the range ${start}-${end}`);
  },

  async "raises where there is no such object"({ store }) {
    const missing = "repository.store.missing";
    await claimRaises(store.get("config"), missing, "a read in an empty store");
    await store.put("points/other", text("x"));
    await claimRaises(store.get("config"), missing, "a read");
    await claimRaises(store.get("config", { start: 0, end: 1 }), missing, "a read of a range");
    await claimRaises(store.get("points/none", { start: 0, end: 0 }), missing, "a read of an empty range");
  },

  async "answers sizes, and null where there is no such object"({ store }) {
    claim((await store.size("index/one")) === null, "an object that is not there has a size");
    await store.put("index/one", patterned(4_321, 4));
    claim((await store.size("index/one")) === 4_321, "the size is wrong");
    claim((await store.size("index/two")) === null, "an object that is not there has a size");
    claim((await store.size("index")) === null, "a folder of objects passes as an object");
  },

  async "shows what was put to another client at once"({ store, other }) {
    for (let i = 0; i < 10; i += 1) {
      const name = `points/p${i}`;
      claim((await other.size(name)) === null, "an object is there before its put");
      await store.put(name, text(name));
      claimBytes(await other.get(name), text(name), "a read by another client");
      claim((await listed(other, "points/")).includes(name), "a listing by another client misses what was just put");
    }
  },

  async "never replaces an object"({ store, other }) {
    await store.put("config", text("first"));
    await claimRaises(store.put("config", text("second")), "repository.store.exists", "a second put");
    await claimRaises(other.put("config", text("third")), "repository.store.exists", "a put by another client");
    claimBytes(await store.get("config"), text("first"), "the object after a second put");
  },

  async "shows a reader the whole object or none"({ store, other }) {
    const bytes = patterned(6_000_000, 5);
    let isPut = false;
    const putting = store.put("packs/cd/cde", bytes).finally(() => (isPut = true));
    try {
      while (!isPut) {
        const size = await other.size("packs/cd/cde");
        claim(size === null || size === bytes.length, `a reader saw ${size} of ${bytes.length} bytes`);
        if (size !== null) claimBytes(await other.get("packs/cd/cde"), bytes, "a read during the put");
        const names = await listed(other, "");
        claim(names.length === 0 || names.join() === "packs/cd/cde", `a reader saw ${names.join(", ")}`);
      }
    } finally {
      await putting;
    }
  },

  async "lists every name under a prefix, and nothing else"({ store }) {
    const names = ["config", "index/a1", "index/a2", "packs/00/00a", "packs/00/00b", "packs/ff/ffa", "points/p-1_x"];
    for (const name of names) await store.put(name, text(name));
    const under = (prefix: string): string[] => names.filter((name) => name.startsWith(prefix));
    for (const prefix of ["", "packs/", "packs/00/", "packs/0", "points/p", "nothing/"])
      claimNames(await listed(store, prefix), under(prefix), `the listing of "${prefix}"`);
  },

  async "lists more names than fit in a page, and each once"({ store }) {
    const names = Array.from({ length: manyNames }, (_, i) => `index/${i.toString(16).padStart(32, "0")}`);
    await mapBounded(names, (name) => store.put(name, text("x")), { limit: 16 });
    await store.put("points/last", text("x"));
    claimNames(await listed(store, "index/"), names, "a long listing");
    claimNames(await listed(store, ""), [...names, "points/last"], "the listing of all");
  },

  async "lists nothing in an empty store"({ store }) {
    claimNames(await listed(store, ""), [], "the listing of an empty store");
  },

  async "keeps names of the longest form"({ store }) {
    const names = [`points/${"p".repeat(200)}`, `packs/${"0-_Zz9".repeat(30)}/${"f".repeat(200)}`];
    for (const name of names) await store.put(name, text(name));
    claimNames(await listed(store, ""), names, "the listing of long names");
    for (const name of names) claimBytes(await store.get(name), text(name), "an object with a long name");
  },

  async "does nothing for an aborted signal, and raises its reason"({ store }) {
    await store.put("config", text("kept"));
    const reason = new Error("stopped by the judge");
    const options = { signal: AbortSignal.abort(reason) };
    await claimAborts(store.put("points/p", text("x"), options), reason, "a put");
    await claimAborts(store.get("config", undefined, options), reason, "a read");
    await claimAborts(store.size("config", options), reason, "the question for a size");
    await claimAborts(store.delete("config", options), reason, "a deletion");
    await claimAborts(Array.fromAsync(store.list("", options)), reason, "a listing");
    claimNames(await listed(store, ""), ["config"], "the listing after aborted calls");
  },

  async "leaves the whole object or none where a put is aborted under way"({ store }) {
    const bytes = patterned(4 * MiB, 8);
    for (const afterMs of [0, 2, 20]) {
      const name = `packs/aa/aa${afterMs}`;
      const reason = new Error("stopped by the judge");
      const stop = new AbortController();
      const timer = setTimeout(() => stop.abort(reason), afterMs);
      const raised = await store.put(name, bytes, { signal: stop.signal }).then(
        () => undefined,
        (error: unknown) => error,
      );
      clearTimeout(timer);
      claim(raised === undefined || raised === reason, `an aborted put raised ${String(raised)}`);
      const size = await store.size(name);
      claim(size === bytes.length || (size === null && raised !== undefined), `an aborted put left ${size} bytes`);
    }
  },

  async "refuses names that the port does not allow"({ store }) {
    for (const name of ["", "/config", "a//b", "../config", "a/../b", "a/", "a b", "a.b", "p".repeat(201)])
      await claimRaises(store.put(name, text("x")), "kernel.invariant", `a put of ${JSON.stringify(name)}`);
    claimNames(await listed(store, ""), [], "the listing after refused names");
  },
};

const ofDeletion: Readonly<Record<string, StoreObligation["run"]>> = {
  async "deletes an object, and succeeds where it is gone already"({ store, other }) {
    await store.put("points/gone", text("x"));
    await store.put("points/kept", text("y"));
    await store.delete("points/gone");
    await store.delete("points/gone");
    await store.delete("points/never");
    claim((await other.size("points/gone")) === null, "a deleted object has a size");
    await claimRaises(other.get("points/gone"), "repository.store.missing", "a read of a deleted object");
    claimNames(await listed(other, "points/"), ["points/kept"], "the listing after a deletion");
    await store.put("points/gone", text("again"));
    claimBytes(await other.get("points/gone"), text("again"), "an object put again after its deletion");
  },

  async "lets several delete one object at the same time"({ store, other }) {
    await store.put("points/gone", text("x"));
    await Promise.all([store, other, store, other].map((client) => client.delete("points/gone")));
    claimNames(await listed(store, ""), [], "the listing after deletions");
  },
};

const weakenable: Readonly<Record<string, StoreObligation["run"]>> = {
  async "lets exactly one of concurrent puts of one name win"({ store, other }) {
    const bodies = Array.from({ length: 8 }, (_, i) => patterned(50_000, i));
    const done = await Promise.allSettled(
      bodies.map((body, i) => (i % 2 === 0 ? store : other).put("points/one", body)),
    );
    const winners = done.flatMap(({ status }, i) => (status === "fulfilled" ? [i] : []));
    claim(winners.length === 1, `${winners.length} of 8 puts of one name at the same time succeeded`);
    for (const result of done)
      if (result.status === "rejected")
        await claimRaises(Promise.reject(result.reason as Error), "repository.store.exists", "a put that lost");
    claimBytes(await store.get("points/one"), bodies[winners[0] ?? 0] ?? text(""), "the object that won");
  },

  async "keeps names apart that differ in case only"({ store }) {
    await store.put("points/case", text("lower"));
    await store.put("points/CASE", text("upper"));
    claimBytes(await store.get("points/case"), text("lower"), "the name in lower case");
    claimBytes(await store.get("points/CASE"), text("upper"), "the name in upper case");
    claimNames(await listed(store, ""), ["points/CASE", "points/case"], "the listing");
  },
};

function listOf(record: Readonly<Record<string, StoreObligation["run"]>>, isNeeded: boolean): StoreObligation[] {
  return Object.entries(record).map(([name, run]) => ({ name, isNeeded, run }));
}

/**
 * What every store has to keep: run by the conformance suite on every adapter, and by `holdfast repo validate` on a
 * customer's store. Each runs in a place of its own.
 */
export const storeObligations: readonly StoreObligation[] = [
  ...listOf(needed, true),
  ...listOf(ofDeletion, true),
  ...listOf(weakenable, false),
];
