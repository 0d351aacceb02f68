import { HoldfastError, hasErrorCode } from "@holdfast/kernel";
import type { Clock } from "@holdfast/kernel";
import type { BlobOptions } from "../blob-store/blob-store.ts";
import type { IndexSet } from "../chunk-index/index-set.ts";
import { latestEpochNumber, newWriterId, readLatestEpoch, rulesOf } from "./epoch.ts";
import type { EpochParts } from "./epoch.ts";
import { putMark } from "./marks.ts";

/** Between beats. Shorter costs calls; longer makes prune wait longer before it may take a silent writer for dead. */
export const beatMs = 60_000;

export interface WriterParts extends EpochParts {
  readonly indexes: IndexSet;
  /** Without it a writer shows no beats: for tests, whose captures are short. */
  readonly clock?: Clock;
}

/** The writers of one open repository, one after the other: see docs/concurrency.md. */
export interface Writers extends AsyncDisposable {
  /** Runs work that writes chunks and publishes nothing. */
  run<R>(work: (writerId: string) => Promise<R>, options?: BlobOptions): Promise<R>;
  /** Runs a capture as the writer that lives, announcing one where there is none. */
  capture<R extends { readonly image: { readonly rootId: string | null } }>(
    work: (writerId: string) => Promise<R>,
    options?: BlobOptions,
  ): Promise<R>;
  /** Runs work that publishes these images, under the writer that captured them or a new one. */
  publish<R>(work: (writerId: string) => Promise<R>, rootIds: readonly string[], options?: BlobOptions): Promise<R>;
  /** Whether the writer that lives captured this image and has not published it yet. */
  hasCaptured(rootId: string): boolean;
}

interface Writer {
  readonly id: string;
  readonly beats: AbortController;
  /** Calls that are at work as this writer. */
  users: number;
  /** Images that it captured and that no point has yet. */
  readonly open: Set<string>;
}

export function createWriters(parts: WriterParts): Writers {
  let living: Promise<Writer> | undefined;
  let writer: Writer | undefined;
  const enter = async (options?: BlobOptions): Promise<Writer> => {
    if (living === undefined) {
      const mine = announce(parts, options);
      living = mine;
      mine.catch(() => {
        if (living === mine) living = undefined;
      });
    }
    const found = await living;
    writer = found;
    found.users += 1;
    return found;
  };
  const leave = async (used: Writer): Promise<void> => {
    used.users -= 1;
    if (used.users > 0 || used.open.size > 0) return;
    if (writer === used) living = writer = undefined;
    await end(parts, used);
  };
  const as = async <R>(work: (used: Writer) => Promise<R>, options?: BlobOptions): Promise<R> => {
    const used = await enter(options);
    try {
      return await work(used);
    } finally {
      await leave(used);
    }
  };
  return {
    run: (work, options) => as(({ id }) => work(id), options),
    capture: (work, options) =>
      as(async ({ id, open }) => {
        const made = await work(id);
        if (made.image.rootId !== null) open.add(made.image.rootId);
        return made;
      }, options),
    publish: (work, rootIds, options) =>
      as(async ({ id, open }) => {
        const made = await work(id);
        for (const rootId of rootIds) open.delete(rootId);
        return made;
      }, options).catch((error: unknown) => {
        // It is taken for dead: all that it captured and will capture is in vain.
        if (hasErrorCode(error, "repository.point.withdrawn")) {
          writer?.open.clear();
          living = writer = undefined;
        }
        throw error;
      }),
    hasCaptured: (rootId) => writer?.open.has(rootId) === true,
    async [Symbol.asyncDispose]() {
      const last = writer;
      living = writer = undefined;
      if (last === undefined) return;
      last.beats.abort();
      // What is still at work fails with the store; only its end is not announced.
      if (last.users === 0) await end(parts, last);
    },
  };
}

/** Makes a writer known to every prune, and only then learns what may be relied upon. */
async function announce(parts: WriterParts, options?: BlobOptions): Promise<Writer> {
  const id = newWriterId(parts.random);
  const epoch = await latestEpochNumber(parts.store, options);
  // Before any chunk is relied upon: a prune that does not see this writer was over by now.
  await putMark(parts, `writers/${id}-0`, { epoch }, options);
  const latest = await readLatestEpoch(parts, options);
  await parts.indexes.refresh(options);
  // Only after the listing: what an epoch forgets, no index object names any more.
  await parts.indexes.setRules(rulesOf(latest), options);
  const made = { id, beats: new AbortController(), users: 0, open: new Set<string>() };
  void beat(parts, made);
  return made;
}

/** Shows that the writer lives, until it ends. */
async function beat(parts: WriterParts, { id, beats }: Writer): Promise<void> {
  const { clock } = parts;
  const { signal } = beats;
  for (let number = 1; clock !== undefined && !signal.aborted; number += 1) {
    try {
      await clock.sleep(beatMs, { signal });
      await putMark(parts, `writers/${id}-${number}`, {}, { signal });
    } catch {
      // The next beat counts as well; a writer that misses too many is fenced, and told so when it publishes.
      if (signal.aborted) return;
    }
  }
}

async function end(parts: WriterParts, { id, beats }: Writer): Promise<void> {
  beats.abort();
  try {
    await putMark(parts, `writers/${id}-end`, {});
  } catch {
    // Its points are published and its work is done: without this mark prune only waits longer, then fences it.
  }
}

/** Made where a point was published after its writer had been taken for dead. */
export function pointWithdrawn(pointId: string): HoldfastError {
  return new HoldfastError({
    code: "repository.point.withdrawn",
    message: `point ${pointId} does not count: its capture was silent for so long that a prune took it for dead`,
    advice: "Run the backup again; what it stored is used again as far as it is there.",
    details: { pointId },
    isRetryable: true,
  });
}
