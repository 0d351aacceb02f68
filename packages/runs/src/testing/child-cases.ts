import { expect, test } from "vitest";
import { cancelRunTree, startChildRun, waitForChildRun } from "../child-run.ts";
import { defineWorkflow } from "../workflow.ts";
import { untilAborted, waitForStatus, waitUntil } from "./run-engine-harness.ts";
import type { RunEngineHarness } from "./run-engine-harness.ts";

export function childCases(make: () => Promise<RunEngineHarness>): void {
  test("a parent starts each child once and hears how each ended, before it asks or after", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const child = defineWorkflow({
      name: "child",
      version: 1,
      run: async (run, vm: string) =>
        run.step("capture", async () => {
          if (vm === "bad") throw new Error("no use");
          return `${vm} done`;
        }),
    });
    const parent = defineWorkflow({
      name: "parent",
      version: 1,
      async run(run, vms: readonly string[]) {
        const ids: string[] = [];
        for (const vm of vms) {
          ids.push(
            await startChildRun(run, engine, { name: `start/${vm}`, workflow: child, input: vm, partition: vm }),
          );
        }
        await run.sleep("a while", harness.longMs);
        const outcomes = [];
        for (const id of ids) outcomes.push(await waitForChildRun(run, id, { timeoutMs: 1000 * harness.longMs }));
        const late = await startChildRun(run, engine, { name: "start/late", workflow: child, input: "late" });
        outcomes.push(await waitForChildRun(run, late, { timeoutMs: 1000 * harness.longMs }));
        return outcomes.map((outcome) =>
          outcome?.status === "succeeded" ? outcome.output : outcome?.failure?.message,
        );
      },
    });
    await using _worker = await engine.startWorker({ workflows: [parent, child], concurrency: 4 });
    await engine.start({ workflow: parent, input: ["a", "bad"], runId: "p" });
    await waitUntil(harness, engine, async () => (await engine.find("p"))?.steps.at(2));
    await harness.advance(harness.longMs);
    expect((await waitForStatus(harness, engine, "p", "succeeded", "failed")).output).toEqual([
      "a done",
      "no use",
      "late done",
    ]);
    const children = (await engine.list({ parentRunId: "p" })).runs;
    expect(children.map(({ input, status }) => [input, status])).toEqual([
      ["late", "succeeded"],
      ["bad", "failed"],
      ["a", "succeeded"],
    ]);
  });

  test("a tree of runs is cancelled from its root", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const child = defineWorkflow({
      name: "child",
      version: 1,
      run: async (run, _input: null) => run.step("for ever", ({ signal }) => untilAborted(signal)),
    });
    const parent = defineWorkflow({
      name: "parent",
      version: 1,
      async run(run, _input: null) {
        const id = await startChildRun(run, engine, { name: "start", workflow: child, input: null });
        return waitForChildRun(run, id, { timeoutMs: 1000 * harness.longMs });
      },
    });
    await using _worker = await engine.startWorker({ workflows: [parent, child], concurrency: 4 });
    await engine.start({ workflow: parent, input: null, runId: "p" });
    const running = await waitUntil(harness, engine, async () =>
      (await engine.list({ parentRunId: "p", statuses: ["running"] })).runs.at(0),
    );
    await cancelRunTree(engine, "p", "stop it all");
    await waitForStatus(harness, engine, "p", "cancelled");
    await waitForStatus(harness, engine, running.runId, "cancelled");
  });
}
