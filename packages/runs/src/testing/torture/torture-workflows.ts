import { createHash } from "node:crypto";
import type { Clock, Random } from "@holdfast/kernel";
import type { SlotPool } from "../../slots/slot-pool.ts";
import { withSlots } from "../../slots/with-slots.ts";
import { defineWorkflow } from "../../workflow.ts";
import type { RunContext, StepContext, StoppedRun, Workflow } from "../../workflow.ts";
import type { Effects } from "./effects.ts";

/** Steps of one run: six in a row, three side by side, one with a slot. */
export const stepsOfChain = 10;

export const chainRef = { name: "torture-chain", version: 1, compensation: { name: "torture-undo", version: 1 } };
export const tortureSlot = "torture/shared";
export const partitionLimit = 3;

export interface ChainOutput {
  readonly nonces: readonly string[];
  readonly signal: unknown;
}

interface World {
  readonly effects: Effects;
  readonly slots: SlotPool;
  readonly clock: Clock;
  readonly random: Random;
}

/** What the torture runs: every kind of step and wait, each leaving a trace in the outside world. */
export function tortureWorkflows(world: World): Workflow[] {
  const { effects, random, clock, slots } = world;
  const touch = async (runId: string, step: StepContext, seen: readonly string[]): Promise<string> => {
    const nonce = random.uuid();
    const earlier = effects.add({ runId, key: step.key, nonce, seen });
    await clock.sleep(1 + Math.floor(random.fraction() * 15), { signal: step.signal });
    // One key in eight fails at its first execution, wherever that is.
    const digest = createHash("sha256").update(step.key).digest();
    if (earlier === 0 && digest[0]! % 8 === 0) throw new Error("a planned failure");
    return nonce;
  };
  const retries = { maxAttempts: 10, backoffMs: 5 };
  const chain = defineWorkflow({
    ...chainRef,
    partitionLimit,
    async run(run: RunContext, _input: unknown): Promise<ChainOutput> {
      const nonces: string[] = [];
      const next = async (on: RunContext, name: string): Promise<void> => {
        const seen = [...nonces];
        nonces.push(await on.step(name, (step) => touch(run.runId, step, seen), retries));
      };
      for (const index of [0, 1, 2]) await next(run, `row/${index}`);
      await run.sleep("nap", 60);
      const seen = [...nonces];
      const wide = ["a", "b", "c"].map((name) =>
        run.step(`wide/${name}`, (step) => touch(run.runId, step, seen), retries),
      );
      nonces.push(...(await Promise.all(wide)));
      const signal = await run.waitForSignal("go", { timeoutMs: 3_600_000 });
      for (const index of [3, 4, 5]) await next(run, `row/${index}`);
      const scope = { pool: slots, clock, random, needs: [{ name: tortureSlot, count: 1 }], leaseMs: 1500, pollMs: 20 };
      await withSlots(run, scope, (slotted) => next(slotted, "slot/one"));
      return { nonces, signal: signal.kind === "received" ? signal.payload : null };
    },
  });
  const undo = defineWorkflow({
    ...chainRef.compensation,
    run: (run: RunContext, input: StoppedRun) =>
      run.step("undo", (step) => touch(input.runId, step, ["undo"]), retries),
  });
  return [chain, undo];
}
