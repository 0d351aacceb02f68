import type { PhaseTime } from "@holdfast/domain";
import type { Clock } from "@holdfast/kernel";

export interface PhaseTimer {
  readonly times: readonly PhaseTime[];
  /** Runs one phase and keeps how long it took, also when it fails. */
  time<T>(phase: string, work: () => Promise<T>): Promise<T>;
}

export function createPhaseTimer(clock: Clock): PhaseTimer {
  const times: PhaseTime[] = [];
  return {
    times,
    async time(phase, work) {
      const startMs = clock.monotonicMs();
      try {
        return await work();
      } finally {
        times.push({ phase, durationMs: clock.monotonicMs() - startMs });
      }
    },
  };
}
