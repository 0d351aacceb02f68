import { invariant } from "@holdfast/kernel";

/** Durations in milliseconds, in short. Percentiles are measured values: the smallest that so many do not exceed. */
export interface DurationSummary {
  readonly sampleSize: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}

/** Summarizes durations; null for none. Raises a bug for one that is not finite or below zero. */
export function summarizeDurations(durationsMs: readonly number[]): DurationSummary | null {
  invariant(
    durationsMs.every((one) => Number.isFinite(one) && one >= 0),
    "a duration is finite and not below zero",
  );
  if (durationsMs.length === 0) return null;
  const sorted = [...durationsMs].sort((a, b) => a - b);
  const percentile = (percent: number): number => sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? 0;
  return {
    sampleSize: sorted.length,
    meanMs: sorted.reduce((sum, one) => sum + one, 0) / sorted.length,
    p50Ms: percentile(50),
    p95Ms: percentile(95),
    maxMs: percentile(100),
  };
}
