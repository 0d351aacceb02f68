import { describe, expect, test } from "vitest";
import { mapBounded } from "./concurrency.ts";

/** Work that waits until it is let go, and counts how much of it is under way. */
function createGate(): { enter(): Promise<void>; open(): void; readonly mostUnderWay: () => number } {
  let underWay = 0;
  let most = 0;
  const waiting: (() => void)[] = [];
  return {
    enter: async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise<void>((resolve) => waiting.push(resolve));
      underWay -= 1;
    },
    open: () => waiting.splice(0).forEach((wake) => wake()),
    mostUnderWay: () => most,
  };
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("mapBounded", () => {
  test("keeps the order of results", async () => {
    const doubled = await mapBounded([3, 1, 2], async (value) => value * 2, { limit: 2 });
    expect(doubled).toEqual([6, 2, 4]);
  });

  test("runs as many at once as the limit, and no more", async () => {
    const gate = createGate();
    let isDone = false;
    const all = mapBounded([1, 2, 3, 4, 5], () => gate.enter(), { limit: 3 }).then(() => {
      isDone = true;
    });
    while (!isDone) {
      await tick();
      gate.open();
    }
    await all;
    expect(gate.mostUnderWay()).toBe(3);
  });

  test("rethrows the first failure after the others ended, and closes the source", async () => {
    let isClosed = false;
    async function* source(): AsyncGenerator<number> {
      try {
        for (let value = 0; ; value += 1) yield value;
      } finally {
        isClosed = true;
      }
    }
    const ended: number[] = [];
    const run = mapBounded(
      source(),
      async (value, { signal }) => {
        if (value === 2) throw new Error("broken");
        await tick();
        ended.push(value);
        expect(value < 2 || signal.aborted).toBe(true);
      },
      { limit: 2 },
    );
    await expect(run).rejects.toThrow("broken");
    expect(isClosed).toBe(true);
    expect(ended).toContain(1);
  });

  test("has no effect when aborted before the call", async () => {
    const seen: number[] = [];
    const run = mapBounded([1], async (value) => seen.push(value), { limit: 1, signal: AbortSignal.abort("stop") });
    await expect(run).rejects.toBe("stop");
    expect(seen).toEqual([]);
  });

  test("stops taking items when aborted on the way", async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const run = mapBounded(
      [1, 2, 3],
      async (value) => {
        seen.push(value);
        stop.abort(new Error("enough"));
      },
      { limit: 1, signal: stop.signal },
    );
    await expect(run).rejects.toThrow("enough");
    expect(seen).toEqual([1]);
  });

  test("rethrows what its source raises", async () => {
    async function* source(): AsyncGenerator<number> {
      yield 1;
      throw new Error("no more pages");
    }
    await expect(mapBounded(source(), async (value) => value, { limit: 4 })).rejects.toThrow("no more pages");
  });
});
