import { expect, test } from "vitest";
import { defineWorkflow } from "../workflow.ts";
import type { StoppedRun } from "../workflow.ts";
import { untilAborted, waitForStatus, waitUntil } from "./run-engine-harness.ts";
import type { RunEngineHarness } from "./run-engine-harness.ts";

const compensation = { name: "undo", version: 3 };

export function cancelCases(make: () => Promise<RunEngineHarness>): void {
  test("a queued run is cancelled at once and never begins", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    let begun = 0;
    const work = defineWorkflow({
      name: "work",
      version: 1,
      run: async (run, _input: null) => run.step("s", async () => (begun += 1)),
    });
    await engine.start({ workflow: work, input: null, runId: "r1" });
    expect(await engine.cancel("r1", "not wanted")).toBe(true);
    const run = await waitForStatus(harness, engine, "r1", "cancelled");
    expect(run.failure).toMatchObject({ code: "runs.run.cancelled", message: "not wanted" });
    await using _worker = await engine.startWorker({ workflows: [work], concurrency: 1 });
    await engine.start({ workflow: work, input: null, runId: "r2" });
    await waitForStatus(harness, engine, "r2", "succeeded");
    expect(begun).toBe(1);
    expect(await engine.cancel("r1", "again")).toBe(false);
    expect(await engine.cancel("r2", "too late")).toBe(false);
    await expect(engine.cancel("nobody", "why")).rejects.toMatchObject({ code: "runs.run.unknown" });
  });

  test("a cancelled run aborts the step in hand, begins none more, and is undone once by a run of its own", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const did: string[] = [];
    const undone: StoppedRun[] = [];
    const work = defineWorkflow({
      name: "work",
      version: 1,
      compensation,
      async run(run, _input: { readonly disk: string }) {
        await run.step("first", async () => did.push("first"));
        await run.step("second", async ({ signal }) => {
          did.push("second begins");
          try {
            await untilAborted(signal);
          } catch (error) {
            // Not every call can be broken off at once: nothing may be undone under its hands.
            await harness.clock.sleep(harness.longMs / 2);
            did.push("second ends");
            throw error;
          }
        });
        await run.step("third", async () => did.push("third"));
      },
    });
    const undo = defineWorkflow({
      ...compensation,
      run: async (run, input: StoppedRun) => run.step("undo", async () => did.push("undo") && undone.push(input)),
    });
    await using _worker = await engine.startWorker({ workflows: [work, undo], concurrency: 2 });
    await engine.start({ workflow: work, input: { disk: "d1" }, runId: "r1", partition: "east" });
    await waitUntil(harness, engine, async () => did.includes("second begins"));
    expect(await engine.cancel("r1", "stop")).toBe(true);
    expect((await engine.find("r1"))?.status).toBe("cancelling");
    await harness.advance(harness.longMs / 2);
    await waitForStatus(harness, engine, "r1", "cancelled");
    const undoing = await waitForStatus(harness, engine, "r1~undo", "succeeded");
    expect(undoing).toMatchObject({ workflow: "undo", version: 3, parentRunId: "r1", partition: "east" });
    await harness.advance(harness.longMs);
    expect(did).toEqual(["first", "second begins", "second ends", "undo"]);
    expect(undone).toEqual([{ runId: "r1", outcome: "cancelled", input: { disk: "d1" } }]);
    expect((await engine.find("r1"))?.steps.map(({ name, status }) => [name, status])).toContainEqual([
      "first",
      "succeeded",
    ]);
  });

  test("a run that waits is cancelled and undone while it waits", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const work = defineWorkflow({
      name: "work",
      version: 1,
      compensation,
      run: async (run, _input: null) => run.waitForSignal("never", { timeoutMs: 1000 * harness.longMs }),
    });
    const undo = defineWorkflow({ ...compensation, run: async (_run, input: StoppedRun) => input.outcome });
    await using _worker = await engine.startWorker({ workflows: [work, undo], concurrency: 2 });
    await engine.start({ workflow: work, input: null, runId: "r1" });
    await waitUntil(harness, engine, async () => (await engine.find("r1"))?.steps.at(0));
    expect(await engine.cancel("r1", "stop")).toBe(true);
    await waitForStatus(harness, engine, "r1", "cancelled");
    expect((await waitForStatus(harness, engine, "r1~undo", "succeeded")).output).toBe("cancelled");
  });

  test("a failed run is undone; one that succeeded is not", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const work = defineWorkflow({
      name: "work",
      version: 1,
      compensation,
      run: async (run, input: { readonly fails: boolean }) =>
        run.step("s", async () => {
          if (input.fails) throw new Error("broken");
        }),
    });
    const undo = defineWorkflow({ ...compensation, run: async (_run, input: StoppedRun) => input });
    await using _worker = await engine.startWorker({ workflows: [work, undo], concurrency: 2 });
    await engine.start({ workflow: work, input: { fails: false }, runId: "good" });
    await engine.start({ workflow: work, input: { fails: true }, runId: "bad" });
    await waitForStatus(harness, engine, "bad", "failed");
    const undone = await waitForStatus(harness, engine, "bad~undo", "succeeded");
    expect(undone.output).toEqual({ runId: "bad", outcome: "failed", input: { fails: true } });
    await waitForStatus(harness, engine, "good", "succeeded");
    await harness.advance(harness.longMs);
    expect(await engine.find("good~undo")).toBeNull();
    expect(await engine.find("bad~undo~undo")).toBeNull();
  });

  test("a cancel that is repeated starts one compensation", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const work = defineWorkflow({ name: "work", version: 1, compensation, run: async (_run, _input: null) => null });
    await engine.start({ workflow: work, input: null, runId: "r1" });
    await Promise.all([engine.cancel("r1", "a"), engine.cancel("r1", "b"), engine.cancel("r1", "c")]);
    const undo = defineWorkflow({ ...compensation, run: async (_run, input: StoppedRun) => input });
    await using _worker = await engine.startWorker({ workflows: [work, undo], concurrency: 2 });
    await waitForStatus(harness, engine, "r1~undo", "succeeded");
    expect((await engine.list({ workflow: "undo" })).runs).toHaveLength(1);
  });
}
