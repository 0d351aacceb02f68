import { hasErrorCode } from "@holdfast/kernel";
import { describe, expect, test } from "vitest";
import type { BlobStore } from "../blob-store/blob-store.ts";

/** A store to judge, empty and used by nobody else. */
export interface BlobStoreBench extends AsyncDisposable {
  readonly store: BlobStore;
}

export interface SkippedObligation {
  readonly test: string;
  /** Why the store cannot do it; shown in the test's name. */
  readonly reason: string;
}

type Obligation = (store: BlobStore) => Promise<void>;

const text = (value: string): Buffer => Buffer.from(value, "utf8");

function patterned(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed + (i >> 8)) & 255);
}

async function listed(store: BlobStore, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const name of store.list(prefix)) names.push(name);
  return names.toSorted();
}

const obligations: Readonly<Record<string, Obligation>> = {
  async "gives back the bytes that were put"(store) {
    const bytes = patterned(300_001, 1);
    await store.put("packs/ab/abc", bytes);
    expect(Buffer.from(await store.get("packs/ab/abc")).equals(bytes)).toBe(true);
  },

  async "keeps an empty object"(store) {
    await store.put("points/empty", new Uint8Array());
    expect(await store.size("points/empty")).toBe(0);
    expect((await store.get("points/empty")).length).toBe(0);
    expect(await listed(store, "points/")).toEqual(["points/empty"]);
  },

  async "keeps its own copy of the bytes"(store) {
    const bytes = text("before");
    await store.put("config", bytes);
    bytes.fill(0);
    const read = await store.get("config");
    read.fill(1);
    expect(Buffer.from(await store.get("config")).toString()).toBe("before");
  },

  async "answers exactly the range asked for"(store) {
    const bytes = patterned(10_000, 2);
    await store.put("config", bytes);
    for (const [start, end] of [
      [0, 10_000],
      [0, 1],
      [9_999, 10_000],
      [4_095, 4_097],
      [123, 9_876],
      [7, 7],
      [10_000, 10_000],
    ] as const)
      expect(Buffer.from(await store.get("config", { start, end })).equals(bytes.subarray(start, end))).toBe(true);
  },

  async "raises where the object ends before the range does"(store) {
    await store.put("config", patterned(100, 3));
    for (const [start, end] of [
      [0, 101],
      [99, 101],
      [100, 101],
      [5_000, 6_000],
    ] as const)
      await expect(store.get("config", { start, end })).rejects.toMatchObject({ code: "repository.store.short" });
  },

  async "raises where there is no such object"(store) {
    const missing = { code: "repository.store.missing" };
    await expect(store.get("config")).rejects.toMatchObject(missing);
    await store.put("points/other", text("x"));
    await expect(store.get("config")).rejects.toMatchObject(missing);
    await expect(store.get("config", { start: 0, end: 1 })).rejects.toMatchObject(missing);
    await expect(store.get("points/none", { start: 0, end: 0 })).rejects.toMatchObject(missing);
  },

  async "answers sizes, and null where there is no such object"(store) {
    expect(await store.size("index/one")).toBe(null);
    await store.put("index/one", patterned(4_321, 4));
    expect(await store.size("index/one")).toBe(4_321);
    expect(await store.size("index/two")).toBe(null);
    // A folder of objects is no object.
    expect(await store.size("index")).toBe(null);
  },

  async "never replaces an object"(store) {
    await store.put("config", text("first"));
    await expect(store.put("config", text("second"))).rejects.toMatchObject({ code: "repository.store.exists" });
    expect(Buffer.from(await store.get("config")).toString()).toBe("first");
  },

  async "lets exactly one of concurrent puts of one name win"(store) {
    const bodies = Array.from({ length: 8 }, (_, i) => patterned(50_000, i));
    const done = await Promise.allSettled(bodies.map((body) => store.put("points/one", body)));
    const winners = done.flatMap(({ status }, i) => (status === "fulfilled" ? [i] : []));
    expect(winners).toHaveLength(1);
    for (const result of done)
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "repository.store.exists" });
    expect(Buffer.from(await store.get("points/one")).equals(bodies[winners[0]!]!)).toBe(true);
  },

  async "shows a reader the whole object or none"(store) {
    const bytes = patterned(6_000_000, 5);
    let isPut = false;
    const putting = store.put("packs/cd/cde", bytes).finally(() => (isPut = true));
    let looks = 0;
    for (; !isPut; looks += 1) {
      const size = await store.size("packs/cd/cde");
      expect([null, bytes.length]).toContain(size);
      if (size !== null) expect(Buffer.from(await store.get("packs/cd/cde")).equals(bytes)).toBe(true);
      const names = await listed(store, "");
      expect([[], ["packs/cd/cde"]]).toContainEqual(names);
    }
    await putting;
    expect(looks).toBeGreaterThan(0);
  },

  async "lists every name under a prefix, and nothing else"(store) {
    const names = ["config", "index/a1", "index/a2", "packs/00/00a", "packs/00/00b", "packs/ff/ffa", "points/p-1_x"];
    for (const name of names) await store.put(name, text(name));
    expect(await listed(store, "")).toEqual(names);
    expect(await listed(store, "packs/")).toEqual(names.filter((name) => name.startsWith("packs/")));
    expect(await listed(store, "packs/00/")).toEqual(["packs/00/00a", "packs/00/00b"]);
    expect(await listed(store, "packs/0")).toEqual(["packs/00/00a", "packs/00/00b"]);
    expect(await listed(store, "points/p")).toEqual(["points/p-1_x"]);
    expect(await listed(store, "nothing/")).toEqual([]);
  },

  async "lists nothing in an empty store"(store) {
    expect(await listed(store, "")).toEqual([]);
  },

  async "deletes an object, and succeeds where it is gone already"(store) {
    await store.put("points/gone", text("x"));
    await store.put("points/kept", text("y"));
    await store.delete("points/gone");
    await store.delete("points/gone");
    await store.delete("points/never");
    expect(await store.size("points/gone")).toBe(null);
    await expect(store.get("points/gone")).rejects.toMatchObject({ code: "repository.store.missing" });
    expect(await listed(store, "points/")).toEqual(["points/kept"]);
    await store.put("points/gone", text("again"));
    expect(Buffer.from(await store.get("points/gone")).toString()).toBe("again");
  },

  async "does nothing for an aborted signal, and raises its reason"(store) {
    await store.put("config", text("kept"));
    const reason = new Error("stopped by the test");
    const options = { signal: AbortSignal.abort(reason) };
    const list = async (): Promise<void> => {
      for await (const name of store.list("", options)) void name;
    };
    await expect(store.put("points/p", text("x"), options)).rejects.toBe(reason);
    await expect(store.get("config", undefined, options)).rejects.toBe(reason);
    await expect(store.size("config", options)).rejects.toBe(reason);
    await expect(store.delete("config", options)).rejects.toBe(reason);
    await expect(list()).rejects.toBe(reason);
    expect(await listed(store, "")).toEqual(["config"]);
  },

  async "refuses names that the port does not allow"(store) {
    for (const name of ["", "/config", "a//b", "../config", "a/../b", "a/", "a b", "a.b"]) {
      const raised = await store.put(name, text("x")).catch((error: unknown) => error);
      expect(hasErrorCode(raised, "kernel.invariant"), JSON.stringify(name)).toBe(true);
    }
    expect(await listed(store, "")).toEqual([]);
  },
};

/**
 * Declares a test for each obligation of `BlobStore`. `make` gives an empty store each time. An obligation may be left out
 * only by its exact name and with a reason.
 */
export function describeBlobStore(
  make: () => Promise<BlobStoreBench>,
  { skip = [] }: { readonly skip?: readonly SkippedObligation[] } = {},
): void {
  describe("BlobStore", () => {
    for (const [name, oblige] of Object.entries(obligations)) {
      const skipped = skip.find((candidate) => candidate.test === name);
      if (skipped !== undefined) {
        test.skip(`${name} (left out: ${skipped.reason})`);
        continue;
      }
      test(name, async () => {
        await using bench = await make();
        await oblige(bench.store);
      });
    }
    test("leaves out only obligations that there are", () => {
      expect(skip.filter((left) => obligations[left.test] === undefined || left.reason === "")).toEqual([]);
    });
  });
}
