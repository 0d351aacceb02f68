import { invariant } from "./errors.ts";

export interface BoundedOptions {
  /** How many items may be under way at once. */
  readonly limit: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs `work` over items with a bound on how many are under way, and keeps the order of results.
 *
 * The first failure aborts the signal that the other items see, waits for them to end, and is rethrown; nothing is
 * left running when this settles. Items are pulled only when a place is free, so an endless source is fine.
 */
export async function mapBounded<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  work: (item: T, context: { readonly index: number; readonly signal: AbortSignal }) => Promise<R>,
  options: BoundedOptions,
): Promise<R[]> {
  invariant(options.limit >= 1, `concurrency limit ${options.limit} is below one`);
  options.signal?.throwIfAborted();
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const results: R[] = [];
  const failures: unknown[] = [];
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let nextIndex = 0;
  // An async source may not be asked for its next item while it still owes the last one.
  let turn: Promise<unknown> = Promise.resolve();
  const pull = (): Promise<{ readonly item: T; readonly index: number } | undefined> => {
    const mine = turn.then(async () => {
      if (signal.aborted) return undefined;
      const step = await iterator.next();
      if (step.done === true) return undefined;
      const index = nextIndex;
      nextIndex += 1;
      return { item: step.value, index };
    });
    turn = mine.catch(() => undefined);
    return mine;
  };
  const lane = async (): Promise<void> => {
    try {
      for (let next = await pull(); next !== undefined; next = await pull()) {
        results[next.index] = await work(next.item, { index: next.index, signal });
      }
    } catch (error) {
      failures.push(error);
      stop.abort(error);
    }
  };
  await Promise.all(Array.from({ length: options.limit }, lane));
  if (failures.length > 0 || options.signal?.aborted === true) await iterator.return?.();
  if (failures.length > 0) throw failures[0];
  options.signal?.throwIfAborted();
  return results;
}
