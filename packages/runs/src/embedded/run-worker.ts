import { HoldfastError } from "@holdfast/kernel";
import type { Clock } from "@holdfast/kernel";
import { encodePayload } from "../limits.ts";
import { toRunFailure } from "../run-failure.ts";
import type { RunWorker, WorkerOptions } from "../run-engine.ts";
import { patiently } from "../sqlite/patiently.ts";
import type { RunClaims } from "../sqlite/run-claims.ts";
import type { RunDatabase } from "../sqlite/run-database.ts";
import { LeaseLostError, RunJournal } from "../sqlite/run-journal.ts";
import type { RunEnd, RunLedger } from "../sqlite/run-ledger.ts";
import { kindOf } from "../sqlite/run-rows.ts";
import type { RunRow } from "../sqlite/run-rows.ts";
import type { Workflow } from "../workflow.ts";
import { RunExecution } from "./run-execution.ts";

export interface EmbeddedWorkerTimes {
  /** How long a worker that went silent is believed. Balances a stalled disk against a late recovery. */
  readonly leaseMs: number;
  /** How often a worker looks for what other processes did. */
  readonly pollMs: number;
}

export interface EmbeddedWorkerDependencies {
  readonly clock: Clock;
  readonly workerId: string;
  readonly database: RunDatabase;
  readonly ledger: RunLedger;
  readonly claims: RunClaims;
  readonly times: EmbeddedWorkerTimes;
  /** Called when a run came to rest, so that other workers of this process look for what is due now. */
  onRest(): void;
}

interface Held {
  readonly fence: number;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

/** Claims runs and executes them, renews their leases, and lets go of what was cancelled or lost. */
export class EmbeddedWorker implements RunWorker {
  readonly workerId: string;
  readonly stopped: Promise<Error | null>;
  readonly #dependencies: EmbeddedWorkerDependencies;
  readonly #workflows: ReadonlyMap<string, Workflow>;
  readonly #kinds: ReadonlyMap<string, number | null>;
  readonly #concurrency: number;
  readonly #held = new Map<string, Held>();
  readonly #stop = new AbortController();
  #nap = new AbortController();
  #renewAtMs = 0;
  #lookAtMs = 0;
  #failure: Error | null = null;

  constructor(options: WorkerOptions, dependencies: EmbeddedWorkerDependencies) {
    this.workerId = dependencies.workerId;
    this.#dependencies = dependencies;
    this.#workflows = new Map(options.workflows.map((workflow) => [kindOf(workflow), workflow]));
    this.#kinds = new Map(options.workflows.map((workflow) => [kindOf(workflow), workflow.partitionLimit ?? null]));
    this.#concurrency = options.concurrency;
    this.stopped = this.#work();
  }

  /** Has the worker look at once: something in this process is due, or, where told, was cancelled. */
  nudge(what: "due" | "cancelled"): void {
    if (what === "cancelled") this.#lookAtMs = Number.NEGATIVE_INFINITY;
    this.#nap.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.nudge("due");
    await this.stopped;
  }

  async #work(): Promise<Error | null> {
    while (!this.#stop.signal.aborted) {
      this.#nap = new AbortController();
      let napMs = this.#dependencies.times.pollMs;
      try {
        napMs = this.#turn();
      } catch (error) {
        // A full disk or a locked file passes; anything else ends the worker, and its leases with it.
        if (!(error instanceof HoldfastError) || !error.isRetryable) {
          this.#fail(error);
        }
      }
      await this.#rest(napMs);
    }
    for (const held of this.#held.values()) held.abort.abort(new Error("the worker stops"));
    await Promise.all([...this.#held.values()].map((held) => held.ended));
    return this.#failure;
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error("a worker failed", { cause: error });
    this.#stop.abort();
    this.#nap.abort();
  }

  /** Looks once at all there is to do; answers how long there is nothing more. */
  #turn(): number {
    const { clock, claims, times } = this.#dependencies;
    if (this.#held.size > 0) this.#keepLeases();
    const free = this.#concurrency - this.#held.size;
    if (free > 0) {
      const request = { workerId: this.workerId, kinds: this.#kinds, limit: free, leaseMs: times.leaseMs };
      for (const run of claims.claim(request, clock.now())) this.#begin(run);
    }
    const nowMs = clock.now();
    const dueAtMs = claims.nextInstant(nowMs);
    const waits = [times.pollMs];
    if (dueAtMs !== null) waits.push(dueAtMs - nowMs);
    if (this.#held.size > 0) waits.push(this.#renewAtMs - clock.monotonicMs());
    return Math.max(1, Math.min(...waits));
  }

  /** By the clock that never goes back: set back, the other one would let a cancel wait for as long. */
  #keepLeases(): void {
    const { clock, claims, times } = this.#dependencies;
    const nowMs = clock.monotonicMs();
    const isDue = nowMs >= this.#renewAtMs;
    // Every end of a run is a reason to turn, and only other processes' doings a reason to look at all that is held.
    if (!isDue && nowMs < this.#lookAtMs) return;
    this.#lookAtMs = nowMs + times.pollMs;
    const news = isDue ? claims.renew(this.workerId, clock.now() + times.leaseMs) : claims.look(this.workerId);
    if (isDue) this.#renewAtMs = nowMs + Math.floor(times.leaseMs / 3);
    for (const [runId, held] of this.#held) {
      if (news.held.get(runId) !== held.fence) held.abort.abort(new LeaseLostError(`run ${runId} is in other hands`));
      else if (news.cancelling.has(runId)) held.abort.abort(new Error(`run ${runId} was cancelled`));
    }
  }

  async #rest(napMs: number): Promise<void> {
    try {
      await this.#dependencies.clock.sleep(napMs, { signal: this.#nap.signal });
    } catch (error) {
      if (!this.#nap.signal.aborted) throw error;
      // Lets what is at work come on, where a nudge follows a nudge.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #begin(run: RunRow): void {
    const { clock, times } = this.#dependencies;
    const workflow = this.#workflows.get(run.kind);
    if (workflow === undefined) return;
    if (this.#held.size === 0) this.#renewAtMs = clock.monotonicMs() + Math.floor(times.leaseMs / 3);
    const before = this.#held.get(run.id);
    before?.abort.abort(new LeaseLostError(`run ${run.id} was claimed anew`));
    const abort = new AbortController();
    const ended = this.#execute(run, workflow, abort)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        if (this.#held.get(run.id)?.abort === abort) this.#held.delete(run.id);
        // Whatever still listens, such as slots that a step took, lets go.
        abort.abort(new Error("the execution came to rest"));
        this.#dependencies.onRest();
      });
    this.#held.set(run.id, { fence: run.fence, abort, ended });
  }

  async #execute(run: RunRow, workflow: Workflow, abort: AbortController): Promise<void> {
    const { clock, database, ledger } = this.#dependencies;
    const journal = new RunJournal(database, ledger, run);
    const kept = await patiently(clock, () => journal.load());
    const execution = new RunExecution(run, kept, { clock, journal, abort });
    const code = async (): Promise<RunEnd> => {
      try {
        const output = await workflow.run(execution, JSON.parse(run.input) as never);
        await execution.close();
        execution.checkJournalUsed();
        return { status: "succeeded", output: encodePayload(`the result of run ${run.id}`, output) };
      } catch (error) {
        return { status: "failed", failure: toRunFailure(error) };
      }
    };
    const outcome = await Promise.race([code(), execution.rest]);
    // Where the code ended beside steps that it did not wait for, those end before the run does.
    await execution.close();
    await this.#write(() => {
      const nowMs = clock.now();
      if ("status" in outcome) return journal.end(outcome, nowMs);
      if (outcome.kind === "suspended") return journal.suspend(outcome.waits, nowMs);
      // Of a cancelled run this is its end; of one in other hands it is refused.
      journal.release(nowMs);
    });
  }

  /** Makes the last write of an execution, as long as the lease stands. */
  async #write(write: () => void): Promise<void> {
    for (;;) {
      try {
        return write();
      } catch (error) {
        if (error instanceof LeaseLostError) return;
        // A worker that stops leaves the run to its lease rather than wait for a disk.
        if (!(error instanceof HoldfastError) || !error.isRetryable || this.#stop.signal.aborted) throw error;
        await this.#dependencies.clock.sleep(this.#dependencies.times.pollMs);
      }
    }
  }
}
