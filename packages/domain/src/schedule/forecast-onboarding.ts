import { planWaves } from "../sizing/plan-waves.ts";
import type { FirstFull, Wave, WaveLimits } from "../sizing/plan-waves.ts";
import type { OpenTimes } from "./open-times.ts";

/** A first full capture on a stamp. Stamps are onboarded side by side; each has waves of its own. */
export interface Newcomer extends FirstFull {
  readonly stampName: string;
}

/** When a wave is expected to run. Milliseconds since the epoch; both null where no opening comes within 400 days. */
export interface ForecastWave extends Wave {
  readonly stampName: string;
  /** From 1, on its stamp. */
  readonly number: number;
  readonly startMs: number | null;
  readonly endMs: number | null;
}

export interface OnboardingTerms {
  readonly limits: Omit<WaveLimits, "windowMs">;
  readonly open: OpenTimes;
  readonly nowMs: number;
  /** The longest that a wave may take where work may always begin, in milliseconds. */
  readonly maxWaveMs: number;
}

/**
 * Places the first full captures of new VMs in waves, and the waves in openings: a wave begins when the one before it is over
 * and work may begin, and goes on in the next opening where its own is too short.
 */
export function forecastOnboarding(newcomers: readonly Newcomer[], terms: OnboardingTerms): readonly ForecastWave[] {
  const byStamp = Map.groupBy(newcomers, ({ stampName }) => stampName);
  return [...byStamp]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([stampName, fulls]) => forecastStamp(stampName, fulls, terms));
}

function forecastStamp(stampName: string, fulls: readonly FirstFull[], terms: OnboardingTerms): ForecastWave[] {
  const { limits, open, nowMs, maxWaveMs } = terms;
  const first = open.next(nowMs);
  const windowMs = Math.min(maxWaveMs, first === null ? Infinity : first.end - first.start);
  let freeMs: number | null = nowMs;
  return planWaves(fulls, { ...limits, windowMs }).map((wave, index) => {
    const startMs: number | null = freeMs === null ? null : (open.next(freeMs)?.start ?? null);
    const endMs = startMs === null ? null : workEnd(open, startMs, wave.durationMs);
    freeMs = endMs;
    return { ...wave, stampName, number: index + 1, startMs, endMs };
  });
}

/** When so much work is done that begins at an instant and pauses while work may not begin. */
function workEnd(open: OpenTimes, startMs: number, workMs: number): number | null {
  let leftMs = workMs;
  for (let fromMs = startMs; ;) {
    const span = open.next(fromMs);
    if (span === null) return null;
    if (span.end - span.start >= leftMs) return span.start + leftMs;
    leftMs -= span.end - span.start;
    fromMs = span.end;
  }
}
