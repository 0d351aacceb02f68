import type { PairedWork } from "./contender.ts";

/** What a work is to reach against restic in the same run. */
export interface Goal {
  readonly timesAsFast: number;
  readonly stretch?: number;
}

/** The check's goal is per stored byte. */
export const goals: Readonly<Record<PairedWork, Goal>> = {
  full: { timesAsFast: 5, stretch: 7 },
  scan: { timesAsFast: 7 },
  incremental: { timesAsFast: 15, stretch: 25 },
  second: { timesAsFast: 5 },
  restore: { timesAsFast: 2.5, stretch: 3.3 },
  check: { timesAsFast: 3, stretch: 5 },
  prune: { timesAsFast: 1 },
};

export const peakGoalBytes = 400 * 1024 ** 2;
