import { expect, test } from "vitest";
import { defineWorkflow } from "../workflow.ts";
import type { SignalOutcome } from "../workflow.ts";
import { waitForStatus, waitUntil } from "./run-engine-harness.ts";
import type { RunEngineHarness } from "./run-engine-harness.ts";

const approvalsOf = (count: number, timeoutMs: number) =>
  defineWorkflow({
    name: "approvals",
    version: 1,
    run: async (run, _input: null) => {
      const outcomes: SignalOutcome[] = [];
      for (let index = 0; index < count; index += 1) outcomes.push(await run.waitForSignal("approve", { timeoutMs }));
      return outcomes.map((outcome) => (outcome.kind === "received" ? outcome.payload : "timed out"));
    },
  });

export function signalCases(make: () => Promise<RunEngineHarness>): void {
  test("a sleep lasts its time, through a restart of the worker", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const sleeper = defineWorkflow({
      name: "sleeper",
      version: 1,
      async run(run, _input: null) {
        const beganAtMs = await run.step("before", async () => harness.clock.now());
        await run.sleep("long", 2 * harness.longMs);
        return (await run.step("after", async () => harness.clock.now())) - beganAtMs;
      },
    });
    {
      await using _worker = await engine.startWorker({ workflows: [sleeper], concurrency: 1 });
      await engine.start({ workflow: sleeper, input: null, runId: "r1" });
      await waitUntil(harness, engine, async () => (await engine.find("r1"))?.steps.at(1));
    }
    await harness.advance(harness.longMs);
    await using _worker = await engine.startWorker({ workflows: [sleeper], concurrency: 1 });
    await harness.advance(harness.longMs / 2);
    expect((await engine.find("r1"))?.steps.at(2)).toBeUndefined();
    await harness.advance(harness.longMs / 2);
    const run = await waitForStatus(harness, engine, "r1", "succeeded", "failed");
    expect(run.output).toBeGreaterThanOrEqual(2 * harness.longMs);
    expect(run.output).toBeLessThan(4 * harness.longMs);
  });

  test("a signal wakes the run that waits for it, and each is taken once, in order", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const approvals = approvalsOf(3, 1000 * harness.longMs);
    await using _worker = await engine.startWorker({ workflows: [approvals], concurrency: 1 });
    await engine.start({ workflow: approvals, input: null, runId: "r1" });
    const send = (key: string, payload: unknown) => engine.signal("r1", { name: "approve", key, payload });
    // The first comes before the run has begun, or while it begins; the others while it waits.
    expect(await send("k1", "ann")).toBe("delivered");
    expect(await send("k1", "ann again")).toBe("already-delivered");
    await waitUntil(harness, engine, async () => (await engine.find("r1"))?.steps.at(1));
    expect(await send("k2", "bob")).toBe("delivered");
    await waitUntil(harness, engine, async () => (await engine.find("r1"))?.steps.at(2));
    expect(await engine.signal("r1", { name: "other", key: "k3", payload: "not asked for" })).toBe("delivered");
    expect(await send("k1", "ann once more")).toBe("already-delivered");
    expect(await send("k4", { name: "cat" })).toBe("delivered");
    const run = await waitForStatus(harness, engine, "r1", "succeeded", "failed");
    expect(run.output).toEqual(["ann", "bob", { name: "cat" }]);
    expect(await send("k5", "late")).toBe("run-ended");
  });

  test("a wait whose signal does not come times out, once", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const approvals = approvalsOf(2, harness.longMs);
    await using _worker = await engine.startWorker({ workflows: [approvals], concurrency: 1 });
    await engine.start({ workflow: approvals, input: null, runId: "r1" });
    await waitUntil(harness, engine, async () => (await engine.find("r1"))?.steps.at(0));
    await harness.advance(harness.longMs);
    await waitUntil(harness, engine, async () => (await engine.find("r1"))?.steps.at(1));
    await engine.signal("r1", { name: "approve", key: "k1", payload: "in time for the second" });
    const run = await waitForStatus(harness, engine, "r1", "succeeded", "failed");
    expect(run.output).toEqual(["timed out", "in time for the second"]);
  });

  test("a signal that is sent while no worker runs is taken later", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const approvals = approvalsOf(1, 1000 * harness.longMs);
    {
      await using _worker = await engine.startWorker({ workflows: [approvals], concurrency: 1 });
      await engine.start({ workflow: approvals, input: null, runId: "r1" });
      await waitUntil(harness, engine, async () => (await engine.find("r1"))?.steps.at(0));
    }
    await engine.signal("r1", { name: "approve", key: "k1", payload: "ann" });
    await using _worker = await engine.startWorker({ workflows: [approvals], concurrency: 1 });
    expect((await waitForStatus(harness, engine, "r1", "succeeded", "failed")).output).toEqual(["ann"]);
  });

  test("a signal to a run that is not there is refused", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const signal = engine.signal("nobody", { name: "approve", key: "k1", payload: null });
    await expect(signal).rejects.toMatchObject({ code: "runs.run.unknown" });
  });

  test("many signals sent at once are all taken, each once", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const approvals = approvalsOf(12, 1000 * harness.longMs);
    await using _worker = await engine.startWorker({ workflows: [approvals], concurrency: 1 });
    await engine.start({ workflow: approvals, input: null, runId: "r1" });
    const keys = Array.from({ length: 12 }, (_, index) => index);
    await Promise.all(
      [...keys, ...keys].map((key) => engine.signal("r1", { name: "approve", key: `k${key}`, payload: key })),
    );
    const run = await waitForStatus(harness, engine, "r1", "succeeded", "failed");
    expect((run.output as number[]).toSorted((a, b) => a - b)).toEqual(keys);
  });
}
