import type { PointCopy } from "../objectives/achieved-loss.ts";
import type { Place } from "../objectives/scenario.ts";
import type { RecoveryPoint } from "../recovery-point/recovery-point.ts";

/**
 * The copies that points in one place are. Only what is there now is known from a repository: where retention has thinned
 * older points, their gaps look like missed captures, so the window of an achieved loss is kept shorter than the rules' hours.
 */
export function pointCopies(points: readonly RecoveryPoint[], place: Place): readonly PointCopy[] {
  return points.map(({ id, disks, publishedAtMs, origin }) => ({
    pointId: id,
    place,
    dataAtMs: Math.min(publishedAtMs, ...disks.map((disk) => disk.dataAtMs)),
    usableAtMs: origin?.copiedAtMs ?? publishedAtMs,
    removedAtMs: null,
  }));
}
