import type { Clock } from "@holdfast/kernel";
import type { RunEngine } from "../run-engine.ts";
import type { RunDetails, RunStatus } from "../run-record.ts";

/** One storage of runs, empty at first, and the time in which engines over it live. */
export interface RunEngineHarness extends AsyncDisposable {
  readonly clock: Clock;
  /** A time that is long for this adapter: hours where time is simulated, a fraction of a second where it is real. */
  readonly longMs: number;
  open(): Promise<RunEngine>;
  /** Lets time pass. */
  advance(durationMs: number): Promise<void>;
}

/** Looks after which a run counts as stuck. */
const mostLooks = 600;

export const endings: readonly RunStatus[] = ["succeeded", "failed", "cancelled"];

/** Lets time pass until something holds; answers it. */
export async function waitUntil<T>(
  harness: RunEngineHarness,
  engine: RunEngine,
  look: () => Promise<T | null | undefined | false>,
): Promise<T> {
  for (let count = 0; count < mostLooks; count += 1) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    await harness.advance(Math.max(1, Math.min(engine.traits.noticeMs, 25)));
  }
  throw new Error("what was waited for has not come");
}

/** Lets time pass until a run has one of the statuses. */
export function waitForStatus(
  harness: RunEngineHarness,
  engine: RunEngine,
  runId: string,
  ...statuses: readonly RunStatus[]
): Promise<RunDetails> {
  return waitUntil(harness, engine, async () => {
    const run = await engine.find(runId);
    return run !== null && statuses.includes(run.status) ? run : null;
  });
}

/** Settles only by its signal, with the signal's reason: a step that works for ever. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
