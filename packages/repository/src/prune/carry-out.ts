import { hasErrorCode, mapBounded } from "@holdfast/kernel";
import type { BlobOptions } from "../blob-store/blob-store.ts";
import { packName } from "../format/pack.ts";
import type { Epoch, EpochParts } from "./epoch.ts";

/** Deletions under way at a time. */
const deletionsAtATime = 8;

/**
 * Deletes what an epoch orders: points, then the index objects that name packs, then packs, then marks. All of it was final
 * when the epoch was put, so it does not matter who does it, how often, or how late. What a lock of the store keeps is left
 * to the next epoch, which orders it again.
 */
export async function carryOut({ store }: EpochParts, epoch: Epoch, call: BlobOptions): Promise<void> {
  const locked = new Set<string>();
  const deleteAll = async (names: readonly string[]): Promise<void> => {
    await mapBounded(
      names,
      async (name, { signal }) => {
        try {
          await store.delete(name, { signal });
        } catch (error) {
          if (!hasErrorCode(error, "repository.store.locked")) throw error;
          locked.add(name);
        }
      },
      { limit: deletionsAtATime, ...call },
    );
  };
  await deleteAll(epoch.dropped.map((id) => `points/${id}`));
  await deleteAll(epoch.retired);
  await deleteAll(epoch.doomed.map(packName));
  await deleteAll(epoch.dropped.filter((id) => !locked.has(`points/${id}`)).map((id) => `deleted/${id}`));
  const ended = new Set(epoch.ended);
  if (ended.size === 0) return;
  const marks = (await Array.fromAsync(store.list("writers/", call))).filter((name) => ended.has(writerOfMark(name)));
  // Without its other marks a writer that ended must not look like one that lives.
  await deleteAll(marks.filter((name) => !name.endsWith("-end")));
  await deleteAll(marks.filter((name) => name.endsWith("-end")));
}

/** The writer that a mark, `writers/<writer>-<what>`, is of. */
function writerOfMark(name: string): string {
  return name.slice("writers/".length, name.lastIndexOf("-"));
}
