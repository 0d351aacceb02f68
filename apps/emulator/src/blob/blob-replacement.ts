import type { BlobCall } from "./blob-call.ts";
import { BlobError } from "./blob-error.ts";
import type { BlobDeps } from "./blob-deps.ts";
import { findBlob, requireContainer } from "./blob-find.ts";
import type { BlobRecord } from "./blob-record.ts";
import { releaseContent } from "./blob-removal.ts";
import { requireConditions } from "./conditions.ts";
import { requireLease } from "./leases.ts";

/** The blob that a call may replace, or undefined where there is none. Raises where the call may not. */
export function requireReplaceable(deps: BlobDeps, call: BlobCall): BlobRecord | undefined {
  requireContainer(deps, call);
  const before = findBlob(deps, call);
  if (before !== undefined && !call.mayReplace) {
    throw new BlobError(403, "UnauthorizedBlobOverwrite", "This request is not authorized to perform blob overwrites.");
  }
  requireConditions(call, before);
  if (before !== undefined) requireLease(call, before.lease, deps.now());
  return before;
}

export interface NewBlob {
  make(before: BlobRecord | undefined): BlobRecord;
  /** Removes the new content where the call may not replace what others made meanwhile. */
  discard(): Promise<void>;
}

/**
 * Enters a blob whose content stands, then removes the content before it. Conditions are judged in the same turn as the
 * entry, so that of two callers with `If-None-Match: *` one wins; and a kill leaves the old blob or the new one.
 */
export async function replaceBlob(deps: BlobDeps, call: BlobCall, blob: NewBlob): Promise<BlobRecord> {
  let before: BlobRecord | undefined;
  let made: BlobRecord;
  try {
    before = requireReplaceable(deps, call);
    made = blob.make(before);
    deps.catalog.put(made);
  } catch (error) {
    await blob.discard();
    throw error;
  }
  if (before !== undefined) await releaseContent(deps, before);
  return made;
}
