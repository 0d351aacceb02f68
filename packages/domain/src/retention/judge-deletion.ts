/** What the deletion of a point is judged by. */
export interface DeletablePoint {
  readonly id: string;
  readonly instanceKey: string;
  readonly bytes: number;
  readonly isHeld: boolean;
}

/** Why a deletion needs a second consent, or cannot be. */
export type DeletionConcern =
  | { readonly kind: "held"; readonly pointIds: readonly string[] }
  | { readonly kind: "last-good"; readonly instanceKeys: readonly string[] }
  | { readonly kind: "large-share"; readonly ofPoints: number; readonly ofBytes: number };

/** Deletions of more than this share at a time are mistakes more often than wishes. */
const largeShare = 0.3;
/** Of a few points any one is a large share: only the last good point of an instance is guarded among them. */
const fewPoints = 4;

/** Judges the deletion of some of the good points. Answers nothing where it may go ahead. */
export function judgeDeletion(
  points: readonly DeletablePoint[],
  wanted: ReadonlySet<string>,
  limit: number = largeShare,
): DeletionConcern[] {
  const chosen = points.filter(({ id }) => wanted.has(id));
  const concerns: DeletionConcern[] = [];
  const held = chosen.filter(({ isHeld }) => isHeld).map(({ id }) => id);
  if (held.length > 0) concerns.push({ kind: "held", pointIds: held });
  const staying = new Set(points.filter(({ id }) => !wanted.has(id)).map(({ instanceKey }) => instanceKey));
  const bare = [...new Set(chosen.map(({ instanceKey }) => instanceKey))].filter((key) => !staying.has(key));
  if (bare.length > 0) concerns.push({ kind: "last-good", instanceKeys: bare });
  const ofPoints = shareOf(chosen.length, points.length);
  const ofBytes = shareOf(sum(chosen), sum(points));
  if (points.length > fewPoints && (ofPoints > limit || ofBytes > limit))
    concerns.push({ kind: "large-share", ofPoints, ofBytes });
  return concerns;
}

function sum(points: readonly DeletablePoint[]): number {
  return points.reduce((total, { bytes }) => total + bytes, 0);
}

function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
