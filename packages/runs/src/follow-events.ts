import type { Clock } from "@holdfast/kernel";
import type { EventPage, RunEngine } from "./run-engine.ts";

/**
 * Yields pages of events after a number, for ever: each has events, or tells of a gap. Ends when the signal is aborted,
 * with its reason. Looks every half second, which a stream to a browser bears.
 */
export async function* followEvents(
  { engine, clock }: { readonly engine: Pick<RunEngine, "readEvents">; readonly clock: Clock },
  from: { readonly afterSequence: number; readonly signal: AbortSignal; readonly pollMs?: number },
): AsyncGenerator<EventPage> {
  let { afterSequence } = from;
  for (let isFirst = true; ; isFirst = false) {
    const page = await engine.readEvents({ afterSequence, limit: 500 }, { signal: from.signal });
    // A gap is told once: what comes after it is read from where the reader is now.
    if (page.events.length > 0 || (isFirst && page.hasGap)) yield page;
    afterSequence = page.lastSequence;
    if (page.events.length === 0) await clock.sleep(from.pollMs ?? 500, { signal: from.signal });
  }
}
