import type { Catalog } from "@holdfast/catalog";
import { backupVm } from "@holdfast/engine";
import type { PointStore } from "@holdfast/engine";
import type { CommandContext } from "../cli/context.ts";
import { openKnownRepository } from "../commands/repository-session.ts";
import type { RepositoryOptions } from "../commands/repository-session.ts";
import { findStampNamed } from "../commands/stamp-list.ts";
import { openStamp } from "../commands/stamp-session.ts";
import type { StampSession } from "../commands/stamp-session.ts";
import { instanceKey, retainedPoint } from "../selection/retention-options.ts";
import type { CaptureInput, CapturePort } from "./capture-workflow.ts";

/** Connected stamps and open repositories, each opened when it is first needed and kept. */
export interface CaptureSessions extends CapturePort, AsyncDisposable {
  stamp(name: string): Promise<StampSession>;
  /** Data of the newest point of each VM, over these repositories. */
  newestData(repositories: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
}

export function openCaptureSessions(
  catalog: Catalog,
  key: RepositoryOptions,
  context: CommandContext,
): CaptureSessions {
  const opened = new AsyncDisposableStack();
  const stamps = new Map<string, Promise<StampSession>>();
  const stores = new Map<string, Promise<PointStore>>();
  const stamp = (name: string): Promise<StampSession> =>
    keep(stamps, name.toLowerCase(), async () => {
      const record = await findStampNamed(catalog, name);
      return opened.use(await openStamp(catalog, record, context));
    });
  const store = (name: string): Promise<PointStore> =>
    keep(stores, name, async () => opened.use(await openKnownRepository(catalog, { ...key, repo: name }, context)));
  return {
    stamp,
    async newestData(repositories, signal) {
      const newest = new Map<string, number>();
      for (const name of repositories) {
        for (const point of await (await store(name)).listPoints({ signal }))
          newest.set(
            instanceKey(point),
            Math.max(newest.get(instanceKey(point)) ?? -Infinity, retainedPoint(point).dataAtMs),
          );
      }
      return newest;
    },
    async capture(input, { sinceMs, signal }) {
      const [session, points] = [await stamp(input.stampName), await store(input.repository)];
      const made = (await points.listPoints({ signal })).find(
        (point) => instanceKey(point) === input.vmKey && point.publishedAtMs >= sinceMs,
      );
      const point = made ?? (await backupVm({ ...session.deps, points }, wanted(input), { signal }));
      return { pointId: point.id, dataAtMs: retainedPoint(point).dataAtMs };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function wanted({ vmId, allowRunningSnapshot, allowAvailabilitySet }: CaptureInput) {
  return { vmId, allowRunningSnapshot, allowAvailabilitySet, forceFull: false };
}

/** One opening for all who ask; what failed is tried again by the next. */
function keep<T>(kept: Map<string, Promise<T>>, name: string, open: () => Promise<T>): Promise<T> {
  const known = kept.get(name);
  if (known !== undefined) return known;
  const opening = open();
  kept.set(name, opening);
  opening.catch(() => kept.delete(name));
  return opening;
}
