import type { RunDetails, RunEvent, RunRecord, RunStatus } from "./run-record.ts";
import type { SlotPool } from "./slots/slot-pool.ts";
import type { Workflow, WorkflowRef } from "./workflow.ts";

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface StartRequest {
  readonly workflow: WorkflowRef;
  /** Must survive JSON, in 256 KiB. No secrets: it is stored as it is and shown to who may see runs. */
  readonly input: unknown;
  /** At most 200 printable characters. A new UUID where left out. */
  readonly runId?: string;
  /**
   * Of all starts with one such id, one makes a run, and all answer it, until its history is pruned. For ticks of a
   * schedule and keys of HTTP requests. Not together with `runId`.
   */
  readonly deduplicationId?: string;
  /** What the workflow's limit counts by, such as a stamp. Runs without one are counted together. */
  readonly partition?: string;
  /** 0 to 1,000,000; lower goes first. 100 where left out. */
  readonly priority?: number;
  readonly delayMs?: number;
  readonly parentRunId?: string;
}

export interface Started {
  readonly runId: string;
  /** False where an earlier start had made the run. */
  readonly isNew: boolean;
}

export interface RunFilter {
  readonly statuses?: readonly RunStatus[];
  readonly workflow?: string;
  readonly partition?: string;
  readonly parentRunId?: string;
  /** At most 1000. 100 where left out. */
  readonly limit?: number;
  /** What an earlier page answered as `next`. */
  readonly after?: string;
}

export interface RunPage {
  /** Newest first. */
  readonly runs: readonly RunRecord[];
  readonly next: string | null;
}

export interface EventPage {
  readonly events: readonly RunEvent[];
  /** What to hand in as `afterSequence` next. */
  readonly lastSequence: number;
  /** True where events after `afterSequence` have been pruned: the reader must list the runs anew. */
  readonly hasGap: boolean;
}

export type SignalDelivery = "delivered" | "already-delivered" | "run-ended";

export interface WorkerOptions {
  /** Every workflow and version that this worker can run. It leaves runs of others alone. */
  readonly workflows: readonly Workflow[];
  /** Runs that it executes at once. */
  readonly concurrency: number;
}

/** Where an adapter cannot do what another can. Each is told in docs/runs.md, and the suite tests either value. */
export interface RunEngineTraits {
  /** True where a run that sleeps or waits still counts in its partition's limit and in its worker's concurrency. */
  readonly waitingHoldsPlace: boolean;
  /** True where a run that is being cancelled counts in its partition's limit until the step in hand has ended. */
  readonly cancellingHoldsPlace: boolean;
  /** False where workers that claim at the same moment may together bring a partition over its limit. */
  readonly hasExactLimits: boolean;
  /** Time that passes, at most, between what another process did and this one's noticing it. */
  readonly noticeMs: number;
}

/**
 * Durable execution. Obligations, which `describeRunEngine` tests on every adapter:
 *
 * 1. A call that has settled survives a kill of every process and a power cut.
 * 2. A run that was started ends, once, as long as some worker knows its workflow: workers may be killed at any time.
 * 3. Of each step one result is journaled, and every execution is answered that one. A worker whose lease has run out
 *    cannot write.
 * 4. A signal is taken by one wait at most; one that was delivered before or while the run begins to wait is not lost.
 * 5. Start, signal and cancel may be repeated after a doubtful answer, with the same ids, without a second effect.
 * 6. After a cancel no new step begins. The compensation, where the workflow names one, starts once, when the step in
 *    hand has ended or its worker's lease has run out.
 * 7. Events are read in one order by all, and none appears later before one that was already read.
 * 8. A run that has a parent sends it one signal in the transaction of its end, which `waitForChildRun` takes.
 * 9. A call whose signal is aborted before it begins has no effect.
 */
export interface RunEngine extends AsyncDisposable {
  readonly traits: RunEngineTraits;
  readonly slots: SlotPool;
  start(request: StartRequest, options?: CallOptions): Promise<Started>;
  /**
   * Sends a signal. Of all with one key to one run, one counts. Raises `runs.run.unknown`.
   */
  signal(
    runId: string,
    signal: { readonly name: string; readonly key: string; readonly payload: unknown },
    options?: CallOptions,
  ): Promise<SignalDelivery>;
  /** Answers false where the run has ended already. Raises `runs.run.unknown`. */
  cancel(runId: string, reason: string, options?: CallOptions): Promise<boolean>;
  find(runId: string, options?: CallOptions): Promise<RunDetails | null>;
  list(filter: RunFilter, options?: CallOptions): Promise<RunPage>;
  /** Reads at most `limit` events, at once. `followEvents` waits for more. */
  readEvents(
    after: { readonly afterSequence: number; readonly limit?: number },
    options?: CallOptions,
  ): Promise<EventPage>;
  /**
   * Forgets runs that ended before an instant, with their steps, signals and events; answers how many. A run whose
   * parent has not ended stays. Their deduplication ids are forgotten with them.
   */
  prune(what: { readonly endedBeforeMs: number; readonly limit?: number }, options?: CallOptions): Promise<number>;
  /** Begins to execute runs until it is disposed; then hands back what it holds, for others to take up at once. */
  startWorker(options: WorkerOptions): Promise<RunWorker>;
}

export interface RunWorker extends AsyncDisposable {
  readonly workerId: string;
  /** Settles when the worker can no longer work: with the error that stopped it, or null after it was disposed. */
  readonly stopped: Promise<Error | null>;
}
