import type { Progress } from "./run-record.ts";

/** Names a workflow and the version of its code, and what undoes it. All that is needed to start a run of it. */
export interface WorkflowRef {
  /** Lower-case words joined by hyphens, such as `capture-instance`. */
  readonly name: string;
  /** 1 and up. A run ends under the version that it began with; see docs/runs.md, "Versions". */
  readonly version: number;
  /** Started, as a run of its own, where a run of this workflow ends cancelled or failed. Its input is `StoppedRun`. */
  readonly compensation?: { readonly name: string; readonly version: number };
}

/** What a compensation is told of the run that it undoes. */
export interface StoppedRun<Input = unknown> {
  readonly runId: string;
  readonly outcome: "cancelled" | "failed";
  readonly input: Input;
}

/**
 * The code of one version of a workflow.
 *
 * Obligations of the code: it awaits nothing but what its context gives; what it reads of the outside world it reads in
 * steps; it calls steps, sleeps and waits in the same order each time it is given the same results. It is run again from
 * its start after a crash, a sleep or a wait, and is answered from the journal up to where it was.
 */
export interface Workflow<Input = never, Output = unknown> extends WorkflowRef {
  /** How many runs of this version may execute at once in one partition, over all workers. Unlimited where left out. */
  readonly partitionLimit?: number;
  run(context: RunContext, input: Input): Promise<Output>;
}

export interface StepOptions {
  /** Failed tries after which the step has failed. 1 where left out. */
  readonly maxAttempts?: number;
  /** Wait before the second try; doubled for each later one, up to a minute. 1000 where left out. */
  readonly backoffMs?: number;
}

export interface StepContext {
  /** The same for every try and every execution of this step, and no other's: hand it to what the step calls. */
  readonly key: string;
  /** 1 and up. */
  readonly attempt: number;
  /** Aborted where the run is cancelled, its lease is lost, or its worker stops. What the step answers is then unused. */
  readonly signal: AbortSignal;
  /** Shows how far the step has come. Kept at most once a second; never a reason to fail. */
  reportProgress(progress: Progress): void;
}

export type SignalOutcome<Payload = unknown> =
  | { readonly kind: "received"; readonly payload: Payload }
  | { readonly kind: "timed-out" };

export interface RunContext {
  readonly runId: string;
  /**
   * Does work once, as far as the journal can tell: a journaled result is answered without doing it again. Work that a
   * crash interrupts is done again, with the same key. A name may hold a phase before its first slash:
   * `transfer/disk-0`. The result must survive JSON, in 256 KiB.
   *
   * Raises what the work raised last, as it reads from the journal: code, message and advice of the error.
   */
  step<Result>(name: string, work: (step: StepContext) => Promise<Result>, options?: StepOptions): Promise<Result>;
  /** Sleeps through crashes; counted from the first time that the run came here. */
  sleep(name: string, durationMs: number): Promise<void>;
  /** Takes the oldest signal of that name that was sent to this run and not taken yet, or waits for one. */
  waitForSignal<Payload>(name: string, options: { readonly timeoutMs: number }): Promise<SignalOutcome<Payload>>;
  /** False in runs that had passed this place before the patch was in the code; see docs/runs.md, "Versions". */
  hasPatch(name: string): Promise<boolean>;
}

/** Answers the workflow unchanged, with its types checked. */
export function defineWorkflow<Input, Output>(workflow: Workflow<Input, Output>): Workflow<Input, Output> {
  return workflow;
}
