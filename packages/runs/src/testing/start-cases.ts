import { expect, test } from "vitest";
import { runLimits } from "../limits.ts";
import { defineWorkflow } from "../workflow.ts";
import { waitForStatus } from "./run-engine-harness.ts";
import type { RunEngineHarness } from "./run-engine-harness.ts";

const echo = defineWorkflow({
  name: "echo",
  version: 1,
  run: async (run, input: { readonly text: string }) => ({
    said: await run.step("say/it", async () => input.text),
    runId: run.runId,
  }),
});

export function startCases(make: () => Promise<RunEngineHarness>): void {
  test("a started run ends with the answer of its code, and its steps and events are there to read", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    await using _worker = await engine.startWorker({ workflows: [echo], concurrency: 2 });
    const request = { workflow: echo, input: { text: "hello" }, runId: "r1", partition: "east", priority: 7 };
    expect(await engine.start(request)).toEqual({ runId: "r1", isNew: true });
    const run = await waitForStatus(harness, engine, "r1", "succeeded");
    expect(run).toMatchObject({
      workflow: "echo",
      version: 1,
      partition: "east",
      priority: 7,
      input: { text: "hello" },
      output: { said: "hello", runId: "r1" },
      failure: null,
      recoveries: 0,
      steps: [{ position: 1, name: "say/it", phase: "say", kind: "step", status: "succeeded" }],
    });
    expect(run.startedAtMs).toBeGreaterThanOrEqual(run.createdAtMs);
    expect(run.endedAtMs).toBeGreaterThanOrEqual(run.startedAtMs ?? Number.NaN);
    const { events, lastSequence, hasGap } = await engine.readEvents({ afterSequence: 0 });
    expect(events.map(({ kind }) => kind)).toEqual(["run-queued", "run-started", "step-succeeded", "run-succeeded"]);
    expect(events.every(({ runId, workflow }) => runId === "r1" && workflow === "echo")).toBe(true);
    expect(events[2]?.step).toBe("say/it");
    expect({ lastSequence, hasGap }).toEqual({ lastSequence: events.at(-1)?.sequence, hasGap: false });
    expect((await engine.readEvents({ afterSequence: lastSequence })).events).toEqual([]);
  });

  test("a start under an id that is there makes no second run", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    await engine.start({ workflow: echo, input: { text: "first" }, runId: "r1" });
    expect(await engine.start({ workflow: echo, input: { text: "second" }, runId: "r1" })).toEqual({
      runId: "r1",
      isNew: false,
    });
    expect((await engine.find("r1"))?.input).toEqual({ text: "first" });
    const other = engine.start({ workflow: { name: "other", version: 1 }, input: null, runId: "r1" });
    await expect(other).rejects.toMatchObject({ code: "runs.run.conflict" });
  });

  test("of starts with one deduplication id one makes a run, at once and after it has ended", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    await using _worker = await engine.startWorker({ workflows: [echo], concurrency: 2 });
    const tick = { workflow: echo, input: { text: "tick" }, deduplicationId: "policy/vm/2026-01-01T00:00Z" };
    const started = await Promise.all(Array.from({ length: 5 }, () => engine.start(tick)));
    expect(started.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(started.map(({ runId }) => runId)).size).toBe(1);
    await waitForStatus(harness, engine, started[0]!.runId, "succeeded");
    expect(await engine.start(tick)).toEqual({ runId: started[0]!.runId, isNew: false });
    expect((await engine.list({})).runs).toHaveLength(1);
  });

  test("a start that breaks a bound has no effect", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const good = { workflow: echo, input: null };
    const long = "x".repeat(runLimits.payloadBytes);
    const refusals = [
      [{ ...good, runId: "" }, "runs.name.invalid"],
      [{ ...good, runId: "a\u0000b" }, "runs.name.invalid"],
      [{ ...good, partition: "p".repeat(201) }, "runs.name.invalid"],
      [{ ...good, priority: -1 }, "runs.number.invalid"],
      [{ ...good, delayMs: 0.5 }, "runs.number.invalid"],
      [{ ...good, input: long }, "runs.payload.too-large"],
      [{ ...good, input: 1n }, "runs.payload.not-json"],
      [{ ...good, runId: "r", deduplicationId: "d" }, "runs.start.two-ids"],
    ] as const;
    for (const [request, code] of refusals) await expect(engine.start(request)).rejects.toMatchObject({ code });
    expect((await engine.list({})).runs).toEqual([]);
  });

  test("a call whose signal is aborted before has no effect", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    await engine.start({ workflow: echo, input: null, runId: "r1" });
    const options = { signal: AbortSignal.abort(new Error("stopped")) };
    await expect(engine.start({ workflow: echo, input: null, runId: "r2" }, options)).rejects.toThrow("stopped");
    await expect(engine.cancel("r1", "no", options)).rejects.toThrow("stopped");
    await expect(engine.signal("r1", { name: "a", key: "k", payload: 1 }, options)).rejects.toThrow("stopped");
    await expect(engine.prune({ endedBeforeMs: 1 }, options)).rejects.toThrow("stopped");
    expect((await engine.list({})).runs.map(({ runId, status }) => [runId, status])).toEqual([["r1", "queued"]]);
  });

  test("what was started and settled is there for an engine that opens later", async () => {
    await using harness = await make();
    {
      await using engine = await harness.open();
      await engine.start({ workflow: echo, input: { text: "kept" }, runId: "r1" });
    }
    await using engine = await harness.open();
    await using _worker = await engine.startWorker({ workflows: [echo], concurrency: 1 });
    expect((await waitForStatus(harness, engine, "r1", "succeeded")).output).toMatchObject({ said: "kept" });
  });
}
