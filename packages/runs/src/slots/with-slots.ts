import { HoldfastError } from "@holdfast/kernel";
import type { Clock, Random } from "@holdfast/kernel";
import type { RunContext, StepContext } from "../workflow.ts";
import type { SlotAnswer, SlotNeed, SlotPool } from "./slot-pool.ts";

export interface SlotScope {
  readonly pool: SlotPool;
  readonly clock: Clock;
  readonly random: Random;
  readonly needs: readonly SlotNeed[];
  readonly priority?: number;
  /** How long slots stay with a killed worker. 60 s where left out. */
  readonly leaseMs?: number;
  /** How often a waiting step asks again. 1 s where left out. */
  readonly pollMs?: number;
}

interface HeldSlots {
  /** Aborted where the slots were lost. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Gives the steps of a part of a run their slots. They are taken when the first step really works, so that a replay
 * passes without them; renewed until the part ends; given back then, and before each sleep or wait inside. Steps made
 * side by side share them. A step whose slots are lost has its signal aborted with `runs.slots.lost`, which may be
 * tried again.
 */
export async function withSlots<T>(
  run: RunContext,
  scope: SlotScope,
  work: (run: RunContext) => Promise<T>,
): Promise<T> {
  let taking: Promise<HeldSlots> | null = null;
  const take = async (signal: AbortSignal): Promise<HeldSlots> => {
    const mine = (taking ??= takeSlots(run.runId, scope, signal));
    try {
      const held = await mine;
      if (!held.lost.aborted) return held;
    } catch (error) {
      if (taking === mine) taking = null;
      throw error;
    }
    if (taking === mine) taking = null;
    return take(signal);
  };
  const giveBack = async (): Promise<void> => {
    const held = taking;
    taking = null;
    if (held !== null) await (await held).release();
  };
  const slotted: RunContext = {
    runId: run.runId,
    step: (name, stepWork, options) =>
      run.step(name, async (step) => workHolding(await take(step.signal), step, stepWork), options),
    async sleep(name, durationMs) {
      await giveBack();
      return run.sleep(name, durationMs);
    },
    async waitForSignal(name, options) {
      await giveBack();
      return run.waitForSignal(name, options);
    },
    hasPatch: (name) => run.hasPatch(name),
  };
  try {
    return await work(slotted);
  } finally {
    await giveBack();
  }
}

async function workHolding<T>(held: HeldSlots, step: StepContext, work: (step: StepContext) => Promise<T>): Promise<T> {
  const result = await work({ ...step, signal: AbortSignal.any([step.signal, held.lost]) });
  // Done without the right to: whether that harmed, only a try with the slots in hand can tell.
  held.lost.throwIfAborted();
  return result;
}

async function takeSlots(holder: string, scope: SlotScope, signal: AbortSignal): Promise<HeldSlots> {
  const { pool, clock, random, needs, priority, leaseMs = 60_000, pollMs = 1000 } = scope;
  const owner = random.uuid();
  const request = { holder, owner, isFirst: false, needs, leaseMs, ...(priority === undefined ? {} : { priority }) };
  let isFirst = true;
  const ask = async (): Promise<SlotAnswer> => {
    try {
      const answer = await pool.request({ ...request, isFirst }, { signal });
      isFirst = false;
      return answer;
    } catch (error) {
      // A database that is away is waited for like a slot.
      if (error instanceof HoldfastError && error.isRetryable) return "waiting";
      throw error;
    }
  };
  try {
    let answer = await ask();
    for (; answer === "waiting"; answer = await ask()) await clock.sleep(pollMs, { signal });
    if (answer === "taken-over") throw lostSlots(holder);
  } catch (error) {
    // Who stops waiting makes room for the next at once.
    if (signal.aborted) await giveBack(pool, { holder, owner });
    throw error;
  }
  const lost = new AbortController();
  const stop = new AbortController();
  const renewing = renew();
  const release = async (): Promise<void> => {
    if (stop.signal.aborted) return renewing;
    stop.abort();
    await renewing;
    await giveBack(pool, { holder, owner });
  };
  // The code of an aborted execution never comes to its `finally`. Where this fails, the lease's end does it.
  signal.addEventListener("abort", () => void release().catch(() => undefined), { once: true });
  return { lost: lost.signal, release };

  async function renew(): Promise<void> {
    let goodUntilMs = clock.monotonicMs() + leaseMs;
    while (!stop.signal.aborted) {
      try {
        await clock.sleep(Math.floor(leaseMs / 3), { signal: stop.signal });
        const askedAtMs = clock.monotonicMs();
        if ((await pool.request(request, { signal: stop.signal })) !== "held") return lost.abort(lostSlots(holder));
        goodUntilMs = askedAtMs + leaseMs;
      } catch (error) {
        if (stop.signal.aborted) return;
        // One failed renewal is made good by the next, while the lease stands.
        if (clock.monotonicMs() >= goodUntilMs) return lost.abort(lostSlots(holder, error));
      }
    }
  }
}

/** Gives a ticket back. Where the database is away the lease's end does it: that is no reason for a run to fail. */
async function giveBack(pool: SlotPool, ticket: { readonly holder: string; readonly owner: string }): Promise<void> {
  try {
    await pool.release(ticket);
  } catch (error) {
    if (!(error instanceof HoldfastError) || !error.isRetryable) throw error;
  }
}

function lostSlots(holder: string, cause?: unknown): HoldfastError {
  return new HoldfastError({
    code: "runs.slots.lost",
    message: `the slots of ${holder} were not renewed in time`,
    advice: "Nothing needs doing: the step is tried again where it may be.",
    kind: "fault",
    isRetryable: true,
    details: { holder },
    cause,
  });
}
