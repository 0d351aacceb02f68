import type { ReadScope } from "../recovery-point/recovery-point.ts";

/** What a capture may build on: the last base of the disk, and whether its two halves still exist. */
export interface KnownBase {
  readonly repositoryId: string;
  readonly sourceIdentity: string;
  readonly sizeBytes: number;
  readonly pointId: string;
  readonly hasSnapshot: boolean;
  readonly hasPointImage: boolean;
}

export interface ReadScopeInput {
  readonly base: KnownBase | null;
  readonly repositoryId: string;
  readonly disk: { readonly sourceIdentity: string; readonly sizeBytes: number };
  readonly canListChanges: boolean;
  readonly isFullAskedFor: boolean;
}

/**
 * Decides how much of a disk is read. Changed ranges are trusted only between two snapshots of one disk of one size,
 * on top of an image that this repository still has; anything else reads all that is allocated, and says why.
 */
export function decideReadScope(input: ReadScopeInput): ReadScope {
  const { base, disk } = input;
  if (base === null) return { kind: "full", reason: "first-capture" };
  if (input.isFullAskedFor) return { kind: "full", reason: "asked-for" };
  if (base.repositoryId !== input.repositoryId) return { kind: "full", reason: "repository-changed" };
  if (base.sourceIdentity !== disk.sourceIdentity) return { kind: "full", reason: "disk-recreated" };
  if (base.sizeBytes !== disk.sizeBytes) return { kind: "full", reason: "disk-resized" };
  if (!base.hasPointImage) return { kind: "full", reason: "base-point-missing" };
  if (!base.hasSnapshot) return { kind: "full", reason: "base-snapshot-missing" };
  if (!input.canListChanges) return { kind: "full", reason: "stamp-cannot-list-changes" };
  return { kind: "incremental", basePointId: base.pointId };
}
