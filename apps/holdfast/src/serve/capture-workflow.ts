import type { Clock, Random } from "@holdfast/kernel";
import { defineWorkflow, withSlots } from "@holdfast/runs";
import type { SlotPool, Workflow } from "@holdfast/runs";

/** One capture that the schedule wants. Journaled, so it holds no secret. */
export interface CaptureInput {
  readonly vmKey: string;
  readonly stampName: string;
  readonly vmId: string;
  /** Name of a repository. */
  readonly repository: string;
  readonly policy: string;
  readonly allowRunningSnapshot: boolean;
  readonly allowAvailabilitySet: boolean;
}

export interface CaptureOutcome {
  readonly pointId: string;
  readonly dataAtMs: number;
}

/** What the workflow needs of the world. */
export interface CapturePort {
  /**
   * Captures the VM into a point. Looks first: a point whose data is not older than `sinceMs` was made by an execution
   * of the same run that a crash kept from saying so, and is answered.
   */
  capture(
    input: CaptureInput,
    options: { readonly sinceMs: number; readonly signal: AbortSignal },
  ): Promise<CaptureOutcome>;
}

export const captureWorkflowName = "capture-vm";

/** The slot that captures on a stamp share. */
export function stampSlot(stampName: string): string {
  return `stamp/${stampName.toLowerCase()}/captures`;
}

/** Captures one VM in one step, which takes a slot of its stamp. */
export function createCaptureWorkflow(parts: {
  readonly port: CapturePort;
  readonly slots: SlotPool;
  readonly clock: Clock;
  readonly random: Random;
}): Workflow<CaptureInput, CaptureOutcome> {
  const { port, slots: pool, clock, random } = parts;
  return defineWorkflow<CaptureInput, CaptureOutcome>({
    name: captureWorkflowName,
    version: 1,
    run: async (context, input) => {
      const begunAtMs = await context.step("begin", async () => clock.now());
      const needs = [{ name: stampSlot(input.stampName), count: 1 }];
      return await withSlots(context, { pool, clock, random, needs }, async (run) =>
        run.step("capture", async ({ signal }) => await port.capture(input, { sinceMs: begunAtMs, signal })),
      );
    },
  });
}
