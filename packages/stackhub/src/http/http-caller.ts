import { type Clock, HoldfastError, type Random } from "@holdfast/kernel";
import type { CallTrace } from "./call-trace.ts";
import { headerText, type HttpAnswer, type HttpRequest, type HttpTransport } from "./http-message.ts";
import { redactUrl } from "./redact-url.ts";
import { readRetryAfter } from "./retry-after.ts";
import type { StampTime } from "./stamp-time.ts";

/** Tries of a call that fails by connection or by a passing server fault. */
const maxAttempts = 6;
/** A throttled call waits this long in all before it gives up: a stamp asks for seconds to a few minutes. */
const maxThrottledMs = 15 * 60_000;
/** Keeps a stamp that asks for a wait of zero from being called in a tight loop. */
const minThrottleWaitMs = 100;
const firstBackoffMs = 400;
const maxBackoffMs = 30_000;

export interface CallPolicy {
  /** True where doing the call twice is the same as once: only then a lost answer is a reason to call again. */
  readonly isIdempotent: boolean;
  readonly signal?: AbortSignal | undefined;
}

export type PrepareRequest = (clientRequestId: string) => HttpRequest | Promise<HttpRequest>;

/** Makes calls with retries, client request ids, traces and the stamp's time. */
export interface HttpCaller {
  /**
   * `prepare` runs before each attempt, so that dates and signatures are fresh, and puts the client request id in its
   * headers itself, because a signature covers it. The last answer is handed out as it is, whatever its status.
   */
  call(prepare: PrepareRequest, policy: CallPolicy): Promise<HttpAnswer>;
}

interface CallerDeps {
  readonly transport: HttpTransport;
  readonly clock: Clock;
  readonly random: Random;
  readonly time: StampTime;
  readonly onCall?: ((trace: CallTrace) => void) | undefined;
}

export function createHttpCaller(deps: CallerDeps): HttpCaller {
  const { clock, random, time } = deps;
  return {
    call: async (prepare, { isIdempotent, signal }) => {
      const clientRequestId = random.uuid();
      let throttledMs = 0;
      let faults = 0;
      for (let attempt = 1; ; attempt += 1) {
        signal?.throwIfAborted();
        const request = { ...(await prepare(clientRequestId)), ...signalOption(signal) };
        const outcome = await tryOnce(deps, request, { attempt, clientRequestId });
        if (outcome instanceof HoldfastError) {
          faults += 1;
          if (!outcome.isRetryable || !isIdempotent || faults >= maxAttempts) throw outcome;
          await clock.sleep(backoff(faults, random), signalOption(signal));
          continue;
        }
        const asked = readRetryAfter(headerText(outcome, "retry-after"), clock.now() + time.skewMs());
        if (isThrottled(outcome)) {
          const wait = Math.max(asked ?? backoff(attempt, random), minThrottleWaitMs);
          throttledMs += wait;
          if (throttledMs > maxThrottledMs) return outcome;
          await clock.sleep(wait, signalOption(signal));
          continue;
        }
        if (!isIdempotent || !isPassingFault(outcome.status)) return outcome;
        faults += 1;
        if (faults >= maxAttempts) return outcome;
        await clock.sleep(Math.min(asked ?? backoff(faults, random), maxBackoffMs), signalOption(signal));
      }
    },
  };
}

async function tryOnce(
  deps: CallerDeps,
  request: HttpRequest,
  identity: { readonly attempt: number; readonly clientRequestId: string },
): Promise<HttpAnswer | HoldfastError> {
  const startedMs = deps.clock.monotonicMs();
  const trace = (status: number | null): void =>
    deps.onCall?.({
      method: request.method,
      url: redactUrl(request.url),
      status,
      elapsedMs: deps.clock.monotonicMs() - startedMs,
      ...identity,
    });
  try {
    const answer = await deps.transport.send(request);
    deps.time.observe(headerText(answer, "date"));
    trace(answer.status);
    return answer;
  } catch (error) {
    trace(null);
    if (error instanceof HoldfastError) return error;
    throw error;
  }
}

function signalOption(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function isThrottled(answer: HttpAnswer): boolean {
  return answer.status === 429 || answer.status === 503;
}

function isPassingFault(status: number): boolean {
  return status === 408 || status === 500 || status === 502 || status === 504;
}

/** Exponential with full jitter over the upper half, so that many callers do not come back at once. */
function backoff(failures: number, random: Random): number {
  const ceiling = Math.min(firstBackoffMs * 2 ** (failures - 1), maxBackoffMs);
  return Math.round(ceiling * (0.5 + random.fraction() / 2));
}
