import { DBOS, Error as dbosErrors } from "@dbos-inc/dbos-sdk";
import type { Clock } from "@holdfast/kernel";
import { checkName, checkWhole, encodePayload, runLimits } from "../limits.ts";
import { changedReplay, mayRetry, toRunError, toRunFailure, tooManySteps } from "../run-failure.ts";
import type { Progress, RunFailure } from "../run-record.ts";
import type { RunContext, SignalOutcome, StepContext, StepOptions } from "../workflow.ts";
import { isPassing } from "./database-error.ts";
import type { RunNotes } from "./run-notes.ts";

/** What the journal keeps of a step: its failure too is a result, and DBOS need not know of errors. */
type Said = { readonly value: unknown } | { readonly failure: RunFailure };

/** How a message of `signal` travels: DBOS answers null where none came. */
export interface Envelope {
  readonly payload: unknown;
}

export interface DbosExecutionDependencies {
  readonly clock: Clock;
  readonly notes: RunNotes;
  /** Aborted where the run was cancelled or lost, or its worker stops. */
  readonly abort: AbortController;
  /** Puts the run back into its queue, for a new execution. */
  handBack(): Promise<unknown>;
}

const longestBackoffMs = 60_000;
const progressEveryMs = 1000;
const longestNapMs = 24 * 3_600_000;

/**
 * One pass of DBOS through a workflow's code. DBOS keeps the journal; this adds names to sleeps and waits, counts
 * attempts, and lets code stand still for ever where its run was cancelled or lost, as the embedded engine does.
 */
export class DbosExecution implements RunContext {
  readonly runId: string;
  /** Rejects with what DBOS must hear of the end of this execution; never settles otherwise. */
  readonly torn: Promise<never>;
  readonly #dependencies: DbosExecutionDependencies;
  readonly #tear: (reason: unknown) => void;
  #calls = 0;
  #waits = 0;
  #working = 0;
  #isClosed = false;
  #idle = Promise.withResolvers<void>();

  constructor(runId: string, dependencies: DbosExecutionDependencies) {
    this.runId = runId;
    this.#dependencies = dependencies;
    const { promise, reject } = Promise.withResolvers<never>();
    this.torn = promise;
    // Torn after its end, nobody listens any more.
    promise.catch(() => undefined);
    this.#tear = reject;
  }

  /** Lets no further call begin, and waits for the steps in hand. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#working > 0) await this.#idle.promise;
  }

  /** Ends the execution with what DBOS must hear, when the steps in hand have ended. */
  async tear(reason: unknown): Promise<void> {
    await this.close();
    this.#tear(reason);
  }

  /** Raises where the code ended before its journal did. */
  async checkJournalUsed(): Promise<void> {
    const kept = await this.#dependencies.notes.countCalls(this.runId, this.#dependencies.abort.signal);
    if (kept > this.#calls) throw changedReplay(this.runId, kept, "more steps", "its end");
  }

  step<Result>(name: string, work: (step: StepContext) => Promise<Result>, options: StepOptions = {}): Promise<Result> {
    return this.#within("step", name, async () => {
      const said = await this.#journaled<Said>(`step:${name}`, () => this.#tryStep(name, work, options));
      if ("failure" in said) throw toRunError(said.failure);
      return said.value as Result;
    });
  }

  sleep(name: string, durationMs: number): Promise<void> {
    return this.#within("sleep", name, async () => {
      checkWhole("a sleep in milliseconds", durationMs, 0, runLimits.delayMs);
      const { clock, abort } = this.#dependencies;
      const dueMs = await this.#journaled(`sleep:${name}`, async () => clock.now() + durationMs);
      if (dueMs > clock.now()) {
        await this.#waiting(async () => {
          // In parts: a timer of Node's holds 24 days.
          for (let leftMs = dueMs - clock.now(); leftMs > 0; leftMs = dueMs - clock.now()) {
            await clock.sleep(Math.min(leftMs, longestNapMs), { signal: abort.signal });
          }
        });
      }
      await this.#journaled(`waited:${name}`, async () => null);
    });
  }

  waitForSignal<Payload>(name: string, options: { readonly timeoutMs: number }): Promise<SignalOutcome<Payload>> {
    return this.#within("signal", name, async () => {
      checkWhole("a time-out in milliseconds", options.timeoutMs, 0, runLimits.delayMs);
      const { clock } = this.#dependencies;
      const deadlineEpochMS = await this.#journaled(`signal:${name}`, async () => clock.now() + options.timeoutMs);
      const message = await this.#waiting(() => DBOS.recv<Envelope>(name, { deadlineEpochMS }));
      return message === null ? { kind: "timed-out" } : { kind: "received", payload: message.payload as Payload };
    });
  }

  hasPatch(name: string): Promise<boolean> {
    return this.#within("patch", name, async () => {
      const has = await DBOS.patch(name);
      if (!has) this.#calls -= 1;
      return has;
    });
  }

  /** Runs one call of the workflow's code. Where the execution is torn, the call never returns to the code. */
  async #within<T>(kind: string, name: string, work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return new Promise<never>(() => {});
    this.#working += 1;
    this.#calls += 1;
    try {
      checkName(`the name of a ${kind}`, name);
      if (this.#calls > runLimits.steps) throw tooManySteps(this.runId, runLimits.steps);
      return await work();
    } catch (error) {
      if (
        error instanceof dbosErrors.DBOSUnexpectedStepError ||
        error instanceof dbosErrors.DBOSStepNondeterminismError
      ) {
        throw changedReplay(this.runId, error.stepID, "something else", `${kind} "${name}"`);
      }
      if (!this.#dependencies.abort.signal.aborted && !isDbosMatter(error)) throw error;
      if (error instanceof dbosErrors.DBOSError) void this.tear(error);
      else if (isPassing(error)) void this.#startAnew();
    } finally {
      this.#working -= 1;
      if (this.#working === 0 && this.#isClosed) this.#idle.resolve();
    }
    return new Promise<never>(() => {});
  }

  /** The database went away within one of DBOS's writes. It may have been made; a new execution will know. */
  async #startAnew(): Promise<void> {
    this.#dependencies.abort.abort(new Error("the database of runs went away"));
    await this.close();
    await this.#dependencies.handBack();
    this.#tear(new dbosErrors.DBOSWorkflowConflictError(this.runId));
  }

  #journaled<T>(name: string, work: () => Promise<T>): Promise<T> {
    return DBOS.runStep(work, { name });
  }

  async #tryStep(name: string, work: (step: StepContext) => Promise<unknown>, options: StepOptions): Promise<Said> {
    const { clock, notes, abort } = this.#dependencies;
    const maxAttempts = options.maxAttempts ?? 1;
    const key = `${this.runId}/${DBOS.stepID}`;
    for (let attempt = 1; ; attempt += 1) {
      try {
        abort.signal.throwIfAborted();
        const value = await work({ key, attempt, signal: abort.signal, reportProgress: this.#progressOf(name) });
        encodePayload(`the result of step ${name}`, value);
        return { value: value ?? null };
      } catch (error) {
        // What an aborted step raises tells of the abort, not of the work. Thrown, DBOS would keep it as a result.
        if (abort.signal.aborted) return this.#stepStandsStill();
        const failure = toRunFailure(error);
        if (attempt >= maxAttempts || !mayRetry(error)) return { failure };
        const backoffMs = Math.min((options.backoffMs ?? 1000) * 2 ** (attempt - 1), longestBackoffMs);
        try {
          await notes.tellRetry(this.runId, { step: name, failure }, abort.signal);
          await clock.sleep(backoffMs, { signal: abort.signal });
        } catch (unexpected) {
          if (abort.signal.aborted) return this.#stepStandsStill();
          throw unexpected;
        }
      }
    }
  }

  /** Ends the step without DBOS's hearing of it: its execution is over, and its journal is another's. */
  #stepStandsStill(): Promise<never> {
    this.#working -= 1;
    if (this.#working === 0 && this.#isClosed) this.#idle.resolve();
    return new Promise<never>(() => {});
  }

  async #waiting<T>(wait: () => Promise<T>): Promise<T> {
    const { notes, abort } = this.#dependencies;
    this.#waits += 1;
    if (this.#waits === 1 && this.#working === 1) await notes.setWaiting(this.runId, true, abort.signal);
    try {
      return await Promise.race([wait(), untilAborted(abort.signal)]);
    } finally {
      this.#waits -= 1;
      if (this.#waits === 0 && !abort.signal.aborted) await notes.setWaiting(this.runId, false, abort.signal);
    }
  }

  #progressOf(step: string): (progress: Progress) => void {
    const { clock, notes } = this.#dependencies;
    let keptAtMs = Number.NEGATIVE_INFINITY;
    return (progress) => {
      if (clock.monotonicMs() - keptAtMs < progressEveryMs) return;
      keptAtMs = clock.monotonicMs();
      notes.progress(this.runId, { ...progress, step });
    };
  }
}

/**
 * What DBOS raises is for DBOS to hear, not for the workflow's code: that the run was cancelled or lost, or that the
 * database went away. What steps raise never comes here: it is a result.
 */
function isDbosMatter(error: unknown): boolean {
  return error instanceof dbosErrors.DBOSError || isPassing(error);
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
