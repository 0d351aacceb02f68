import type { Clock } from "@holdfast/kernel";
import { HoldfastError } from "@holdfast/kernel";
import { changedReplay, mayRetry, toRunError, toRunFailure, tooManySteps } from "../run-failure.ts";
import { checkName, checkWhole, encodePayload, runLimits } from "../limits.ts";
import type { Progress, RunFailure } from "../run-record.ts";
import { LeaseLostError } from "../sqlite/run-journal.ts";
import type { PendingWait, Place, RunJournal } from "../sqlite/run-journal.ts";
import type { RunRow, StepRow } from "../sqlite/run-rows.ts";
import type { RunContext, SignalOutcome, StepContext, StepOptions } from "../workflow.ts";

/** Unwinds one call of the context, which then never returns to the code. */
class StandStill extends Error {}

/** How an execution came to rest. `aborted`: cancelled, lost, or its worker stops. */
export type ExecutionRest =
  | { readonly kind: "suspended"; readonly waits: readonly PendingWait[] }
  | { readonly kind: "aborted" };

export interface ExecutionDependencies {
  readonly clock: Clock;
  readonly journal: RunJournal;
  /** Aborts the steps in hand, and the execution with them. */
  readonly abort: AbortController;
}

const longestBackoffMs = 60_000;
const storageRetryMs = 200;
const progressEveryMs = 1000;

/**
 * One pass through a workflow's code. Where the journal has an answer, that is given; where the run must wait, or has
 * been aborted, the call never returns: the code stands still there and is forgotten, and `rest` tells the worker.
 */
export class RunExecution implements RunContext {
  readonly runId: string;
  readonly rest: Promise<ExecutionRest>;
  readonly #dependencies: ExecutionDependencies;
  readonly #kept: ReadonlyMap<number, StepRow>;
  readonly #waits: PendingWait[] = [];
  #position = 0;
  #working = 0;
  #isAtRest = false;
  readonly #idle = Promise.withResolvers<void>();
  #comeToRest: (rest: ExecutionRest) => void;

  constructor(run: RunRow, kept: readonly StepRow[], dependencies: ExecutionDependencies) {
    this.runId = run.id;
    this.#dependencies = dependencies;
    this.#kept = new Map(kept.map((row) => [row.position, row]));
    const { promise, resolve } = Promise.withResolvers<ExecutionRest>();
    this.rest = promise;
    this.#comeToRest = resolve;
    if (dependencies.abort.signal.aborted) this.#settle();
    dependencies.abort.signal.addEventListener("abort", () => this.#settle(), { once: true });
  }

  /** Lets no further call begin, and waits for the steps in hand. */
  async close(): Promise<void> {
    this.#isAtRest = true;
    if (this.#working > 0) await this.#idle.promise;
  }

  /** Raises where the code ended before its journal did: it is then not the code that wrote it. */
  checkJournalUsed(): void {
    const last = [...this.#kept.values()].at(-1);
    if (last === undefined || last.position <= this.#position) return;
    throw changedReplay(this.runId, last.position, `${last.kind} "${last.name}"`, "its end");
  }

  step<Result>(name: string, work: (step: StepContext) => Promise<Result>, options: StepOptions = {}): Promise<Result> {
    return this.#within(async () => {
      const place = this.#take("step", name);
      const kept = this.#kept.get(place.position);
      if (kept?.status === "succeeded") return JSON.parse(kept.result ?? "null") as Result;
      if (kept?.status === "failed") throw toRunError(JSON.parse(kept.failure ?? "null") as RunFailure);
      return (await this.#tryStep(place, { kept, work, options })) as Result;
    });
  }

  sleep(name: string, durationMs: number): Promise<void> {
    return this.#within(async () => {
      checkWhole("a sleep in milliseconds", durationMs, 0, runLimits.delayMs);
      const place = this.#take("sleep", name);
      if (this.#kept.get(place.position)?.status === "succeeded") return;
      const dueMs = await this.#write(() => this.#journal.sleep(place, durationMs, this.#now()));
      if (dueMs !== true) this.#wait({ dueMs, signal: null });
    });
  }

  waitForSignal<Payload>(name: string, options: { readonly timeoutMs: number }): Promise<SignalOutcome<Payload>> {
    return this.#within(async () => {
      checkWhole("a time-out in milliseconds", options.timeoutMs, 0, runLimits.delayMs);
      const place = this.#take("signal", name);
      const kept = this.#kept.get(place.position);
      if (kept?.status === "succeeded") return JSON.parse(kept.result ?? "null") as SignalOutcome<Payload>;
      const outcome = await this.#write(() => this.#journal.takeSignal(place, options.timeoutMs, this.#now()));
      return typeof outcome === "number"
        ? this.#wait({ dueMs: outcome, signal: name })
        : (outcome as SignalOutcome<Payload>);
    });
  }

  hasPatch(name: string): Promise<boolean> {
    return this.#within(async () => {
      const next = this.#kept.get(this.#position + 1);
      if (next !== undefined && (next.kind !== "patch" || next.name !== name)) return false;
      const place = this.#take("patch", name);
      if (next === undefined) await this.#write(() => this.#journal.putPatch(place, this.#now()));
      return true;
    });
  }

  /** Runs one call of the workflow's code. Where it stands still there, the call never returns. */
  async #within<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isAtRest) return new Promise<never>(() => {});
    this.#working += 1;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StandStill)) throw error;
    } finally {
      this.#working -= 1;
      this.#settle();
    }
    return new Promise<never>(() => {});
  }

  get #journal(): RunJournal {
    return this.#dependencies.journal;
  }

  #now(): number {
    return this.#dependencies.clock.now();
  }

  /** The place of the next journal entry. Synchronous, so that calls made side by side keep their order. */
  #take(kind: StepRow["kind"], name: string): Place {
    checkName(`the name of a ${kind}`, name);
    this.#position += 1;
    const position = this.#position;
    if (position > runLimits.steps) throw tooManySteps(this.runId, runLimits.steps);
    const kept = this.#kept.get(position);
    if (kept !== undefined && (kept.kind !== kind || kept.name !== name)) {
      throw changedReplay(this.runId, position, `${kept.kind} "${kept.name}"`, `${kind} "${name}"`);
    }
    return { position, name };
  }

  async #tryStep(
    place: Place,
    {
      kept,
      work,
      options,
    }: { kept: StepRow | undefined; work: (step: StepContext) => Promise<unknown>; options: StepOptions },
  ): Promise<unknown> {
    const { clock, abort } = this.#dependencies;
    const maxAttempts = options.maxAttempts ?? 1;
    const startedAtMs = kept?.started_at_ms ?? this.#now();
    if (kept?.due_ms != null) await this.#pause(kept.due_ms - this.#now());
    for (let attempt = (kept?.attempts ?? 0) + 1; ; attempt += 1) {
      await this.#write(() => this.#journal.checkMayBegin());
      let result: string;
      try {
        const answered = await work({
          key: `${this.runId}/${place.position}`,
          attempt,
          signal: abort.signal,
          reportProgress: this.#progressOf(place.name),
        });
        result = encodePayload(`the result of step ${place.name}`, answered);
      } catch (error) {
        // What an aborted step raises tells of the abort, not of the work: it is done again.
        if (abort.signal.aborted) throw new StandStill();
        const failure = toRunFailure(error);
        const times = { startedAtMs, nowMs: this.#now() };
        if (attempt >= maxAttempts || !mayRetry(error)) {
          await this.#write(() => this.#journal.failStep(place, attempt, failure, times));
          throw toRunError(failure);
        }
        const backoffMs = Math.min((options.backoffMs ?? 1000) * 2 ** (attempt - 1), longestBackoffMs);
        const dueMs = this.#now() + backoffMs;
        await this.#write(() => this.#journal.retryStep(place, attempt, failure, { ...times, dueMs }));
        await this.#pause(backoffMs);
        continue;
      }
      await this.#write(() => this.#journal.succeedStep(place, attempt, result, { startedAtMs, nowMs: clock.now() }));
      if (abort.signal.aborted) throw new StandStill();
      return JSON.parse(result) as unknown;
    }
  }

  #progressOf(step: string): (progress: Progress) => void {
    const { clock } = this.#dependencies;
    let keptAtMs = Number.NEGATIVE_INFINITY;
    return (progress) => {
      if (clock.monotonicMs() - keptAtMs < progressEveryMs) return;
      keptAtMs = clock.monotonicMs();
      try {
        this.#journal.progress({ ...progress, step }, clock.now());
      } catch (error) {
        // Progress is for eyes: a full disk or a lost lease is met, and acted on, by the step's own end.
        if (!(error instanceof LeaseLostError) && !(error instanceof HoldfastError)) throw error;
      }
    };
  }

  /** Makes a write, as often as the outside world needs; a lost lease ends the execution instead. */
  async #write<T>(write: () => T): Promise<T> {
    for (;;) {
      try {
        return write();
      } catch (error) {
        if (error instanceof LeaseLostError) {
          this.#dependencies.abort.abort(error);
          throw new StandStill();
        }
        if (!(error instanceof HoldfastError) || !error.isRetryable) throw error;
        await this.#pause(storageRetryMs);
      }
    }
  }

  async #pause(durationMs: number): Promise<void> {
    const { clock, abort } = this.#dependencies;
    if (durationMs <= 0) return;
    try {
      await clock.sleep(durationMs, { signal: abort.signal });
    } catch (error) {
      if (!abort.signal.aborted) throw error;
      throw new StandStill();
    }
  }

  #wait(wait: PendingWait): never {
    this.#waits.push(wait);
    throw new StandStill();
  }

  /** Comes to rest when nothing is at work: at once where aborted, else after the code had its turn. */
  #settle(): void {
    setImmediate(() => {
      if (this.#working > 0) return;
      if (this.#isAtRest) return this.#idle.resolve();
      const isAborted = this.#dependencies.abort.signal.aborted;
      if (!isAborted && this.#waits.length === 0) return;
      this.#isAtRest = true;
      this.#comeToRest(isAborted ? { kind: "aborted" } : { kind: "suspended", waits: [...this.#waits] });
    });
  }
}
