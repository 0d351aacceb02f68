import type { RecoveryPoint } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import type { BlobOptions } from "../blob-store/blob-store.ts";
import type { EpochParts } from "./epoch.ts";
import { readPointRecord, readPointRecords } from "./point-records.ts";
import type { Writers } from "./writers.ts";

/** Which points have an image, so that whoever builds on the image knows that prune keeps it. */
export interface Bases {
  remember(point: RecoveryPoint): void;
  /**
   * Returns where the image was captured by the writer that lives, or belongs to a point that is good now. Call it after the
   * writer is announced. Raises `repository.base.gone`.
   */
  require(rootId: string, options?: BlobOptions): Promise<void>;
}

export function createBases(parts: EpochParts, writers: Writers): Bases {
  const pointsOf = new Map<string, Set<string>>();
  const remember = ({ id, disks }: RecoveryPoint): void => {
    for (const { image } of disks) {
      if (image.rootId === null) continue;
      const known = pointsOf.get(image.rootId) ?? new Set();
      pointsOf.set(image.rootId, known.add(id));
    }
  };
  return {
    remember,
    async require(rootId, options) {
      if (writers.hasCaptured(rootId)) return;
      for (const pointId of pointsOf.get(rootId) ?? []) {
        if ((await readPointRecord(parts, pointId, options))?.status === "good") return;
        pointsOf.get(rootId)?.delete(pointId);
      }
      // A point that cannot be read is no base; that it is damaged is for a check to say.
      const records = await readPointRecords(parts, {
        onDamage: () => undefined,
        ...(options?.signal === undefined ? {} : { signal: options.signal }),
      });
      for (const { point, status } of records) if (status === "good") remember(point);
      if ((pointsOf.get(rootId)?.size ?? 0) > 0) return;
      throw new HoldfastError({
        code: "repository.base.gone",
        message: `no good recovery point has the image ${rootId} any more`,
        advice: "Run the backup again; it reads the whole disk where the last point was deleted.",
        details: { rootId },
        isRetryable: true,
      });
    },
  };
}
