import { createHash } from "node:crypto";
import type { RunEngine } from "./run-engine.ts";
import type { RunFailure } from "./run-record.ts";
import type { RunContext, StepContext, WorkflowRef } from "./workflow.ts";

export interface ChildRun {
  /** Unlike any other child's of the run. */
  readonly name: string;
  readonly workflow: WorkflowRef;
  readonly input: unknown;
  readonly partition?: string;
  readonly priority?: number;
  readonly delayMs?: number;
}

/** What a parent is told when a child has ended. */
export type ChildOutcome =
  | { readonly status: "succeeded"; readonly output: unknown }
  | { readonly status: "failed" | "cancelled"; readonly failure: RunFailure | null };

/** Starts a run of its own, once, as a step. Answers its id. A parent that ends does not end its children. */
export function startChildRun(run: RunContext, engine: Pick<RunEngine, "start">, child: ChildRun): Promise<string> {
  const { name, ...request } = child;
  const startIt = async (step: StepContext): Promise<string> => {
    const runId = childIdOf(run.runId, name);
    await engine.start({ ...request, runId, parentRunId: run.runId }, { signal: step.signal });
    return runId;
  };
  // For a database that is away: a quarter of an hour.
  return run.step(name, startIt, { maxAttempts: 20, backoffMs: 500 });
}

/** Waits for the end of a child, which `startChildRun` answered the id of; null where it has not come in time. */
export async function waitForChildRun(
  run: RunContext,
  childRunId: string,
  options: { readonly timeoutMs: number },
): Promise<ChildOutcome | null> {
  const outcome = await run.waitForSignal<ChildOutcome>(childEndSignal(childRunId), options);
  return outcome.kind === "received" ? outcome.payload : null;
}

/**
 * Cancels a run and then its children, theirs included. A child that the step in hand is about to start may be missed:
 * the workflow's compensation should cancel what it finds.
 */
export async function cancelRunTree(engine: RunEngine, runId: string, reason: string): Promise<void> {
  await engine.cancel(runId, reason);
  const statuses = ["queued", "running", "waiting", "cancelling"] as const;
  for (let after: string | undefined; ;) {
    const page = await engine.list({ parentRunId: runId, statuses, ...(after === undefined ? {} : { after }) });
    const children = page.runs.filter((child) => child.runId !== undoIdOf(runId));
    for (const child of children) await cancelRunTree(engine, child.runId, reason);
    if (page.next === null) return;
    after = page.next;
  }
}

/** The name and key of the signal that an engine sends to a parent in the transaction of its child's end. */
export function childEndSignal(childRunId: string): string {
  return `run-ended/${childRunId.slice(0, 180)}`;
}

/** The id of the run that undoes a run. */
export function undoIdOf(runId: string): string {
  return `${runId}~undo`;
}

function childIdOf(runId: string, name: string): string {
  return `child-${createHash("sha256").update(`${runId}\n${name}`).digest("hex").slice(0, 32)}`;
}
