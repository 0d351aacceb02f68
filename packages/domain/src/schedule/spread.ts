import { invariant } from "@holdfast/kernel";

/**
 * A number from 0 up to but without 1 that is always the same for a key, and spread evenly over keys (FNV-1a, mixed as in
 * MurmurHash3). Where a VM runs within its interval hangs on its name only: not on who else is there, nor on restarts.
 */
export function stableFraction(key: string): number {
  let hash = 0x811c9dc5;
  for (const unit of key) hash = Math.imul(hash ^ unit.codePointAt(0)!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** The last instant at or before another at which a key's turn comes, of turns that are one interval apart. */
export function latestTurn(key: string, intervalMs: number, atMs: number): number {
  invariant(
    Number.isSafeInteger(intervalMs) && intervalMs > 0,
    "an interval is a whole number of milliseconds above zero",
  );
  const offsetMs = Math.floor(stableFraction(key) * intervalMs);
  return Math.floor((atMs - offsetMs) / intervalMs) * intervalMs + offsetMs;
}
