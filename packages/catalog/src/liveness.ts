import type { Host, ProcessHolder } from "./host.ts";

/**
 * Times of the lease by which one machine believes another. A run beats each minute; it is dead to other machines after
 * ten missed beats: long enough for a laptop's lid or a stalled disk, short enough for the next night's run. Clocks of
 * machines that share a catalog must agree to within a few minutes.
 */
export const runLease = { heartbeatMs: 60_000, expiryMs: 10 * 60_000 } as const;

/**
 * Says whether the process that holds a run still works on it. On the same machine the answer is exact and at once;
 * of another machine, or of another process id space, only the last heartbeat is known.
 */
export function isHolderAlive(
  holder: ProcessHolder & { readonly heartbeatAtMs: number },
  host: Host,
  nowMs: number,
): boolean {
  const { self } = host;
  if (holder.machine === self.machine) {
    if (holder.bootId !== self.bootId) return false;
    if (holder.pidSpace === self.pidSpace) return host.findProcessStart(holder.pid) === holder.processStart;
  }
  return nowMs - holder.heartbeatAtMs < runLease.expiryMs;
}
