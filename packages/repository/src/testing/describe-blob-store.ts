import { describe, expect, test } from "vitest";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { storeObligations } from "../blob-store/store-obligations.ts";

/** A store to judge, empty and used by nobody else. */
export interface BlobStoreBench extends AsyncDisposable {
  readonly store: BlobStore;
  /** Another client of the same place, where a kind of store can have several. */
  readonly other?: BlobStore;
}

export interface SkippedObligation {
  readonly test: string;
  /** Why the store cannot do it; shown in the test's name. */
  readonly reason: string;
}

/**
 * Declares a test for each obligation of `BlobStore`. `make` gives an empty store each time. An obligation may be left out
 * only by its exact name and with a reason.
 */
export function describeBlobStore(
  make: () => Promise<BlobStoreBench>,
  { skip = [] }: { readonly skip?: readonly SkippedObligation[] } = {},
): void {
  describe("BlobStore", () => {
    for (const { name, run } of storeObligations) {
      if (skip.some((left) => left.test === name)) continue;
      test(name, async () => {
        await using bench = await make();
        await run({ store: bench.store, other: bench.other ?? bench.store });
      });
    }
    const told = skip.map((left) => `${left.test} (${left.reason})`).join("; ");
    test(`leaves out only obligations that there are${told === "" ? "" : `: ${told}`}`, () => {
      const names = storeObligations.map(({ name }) => name);
      expect(skip.filter((left) => !names.includes(left.test) || left.reason === "")).toEqual([]);
    });
  });
}
