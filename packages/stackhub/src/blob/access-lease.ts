import type { BlobAccess } from "./blob-client.ts";

/** A grant of access, with a number that grows at each renewal. */
export interface GrantedAccess {
  readonly access: BlobAccess;
  readonly generation: number;
}

/** Access that can be renewed. Many may read at once; a renewal is made once for all who ask for the same one. */
export interface AccessLease {
  current(signal?: AbortSignal): Promise<GrantedAccess>;
  /** Renews what a caller found refused. Answers the newer access where another caller renewed meanwhile. */
  renew(refused: GrantedAccess, signal?: AbortSignal): Promise<GrantedAccess>;
}

export interface AccessGrant {
  readonly access: BlobAccess;
  /** When to renew of one's own accord, in the clock's monotonic milliseconds; infinity for never. */
  readonly renewAtMs: number;
}

/** Holds a first grant and makes later ones by `grant`, which ends the older one where the platform needs that. */
export function createAccessLease(
  first: AccessGrant,
  grant: () => Promise<AccessGrant>,
  monotonicMs: () => number,
): AccessLease {
  let generation = 1;
  let held = first;
  let pending: Promise<GrantedAccess> | null = null;
  const renewNow = (): Promise<GrantedAccess> => {
    // Not under any one caller's signal: the others still wait for it.
    pending ??= (async () => {
      try {
        held = await grant();
        generation += 1;
        return { access: held.access, generation };
      } finally {
        pending = null;
      }
    })();
    return pending;
  };
  return {
    current: async (signal) => {
      signal?.throwIfAborted();
      if (pending !== null || monotonicMs() >= held.renewAtMs) return renewNow();
      return { access: held.access, generation };
    },
    renew: async (refused, signal) => {
      signal?.throwIfAborted();
      if (refused.generation < generation) return { access: held.access, generation };
      return renewNow();
    },
  };
}
