import { expect, test } from "vitest";
import { defineWorkflow } from "../workflow.ts";
import { waitForStatus, waitUntil } from "./run-engine-harness.ts";
import type { RunEngineHarness } from "./run-engine-harness.ts";

export function queueCases(make: () => Promise<RunEngineHarness>): void {
  test("runs begin by priority, then in the order in which they were started", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const order: string[] = [];
    const work = defineWorkflow({
      name: "work",
      version: 1,
      run: async (run, _input: null) => run.step("s", async () => order.push(run.runId)),
    });
    for (const [runId, priority] of [
      ["c", 200],
      ["a1", 10],
      ["b", 100],
      ["a2", 10],
    ] as const) {
      await engine.start({ workflow: work, input: null, runId, priority, partition: "east" });
    }
    await using _worker = await engine.startWorker({ workflows: [work], concurrency: 1 });
    await waitForStatus(harness, engine, "c", "succeeded");
    expect(order).toEqual(["a1", "a2", "b", "c"]);
  });

  test("a delayed run begins after its delay", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const work = defineWorkflow({
      name: "work",
      version: 1,
      run: async (run, _input: null) => run.step("s", async () => harness.clock.now()),
    });
    await using _worker = await engine.startWorker({ workflows: [work], concurrency: 2 });
    await engine.start({ workflow: work, input: null, runId: "later", delayMs: 2 * harness.longMs });
    await engine.start({ workflow: work, input: null, runId: "now" });
    await waitForStatus(harness, engine, "now", "succeeded");
    expect((await engine.find("later"))?.status).toBe("queued");
    await harness.advance(2 * harness.longMs);
    const run = await waitForStatus(harness, engine, "later", "succeeded");
    expect((run.output as number) - run.createdAtMs).toBeGreaterThanOrEqual(2 * harness.longMs);
  });

  test("a partition executes no more runs of a workflow than its limit, and stops no other partition", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const now = new Map<string, number>();
    const most = new Map<string, number>();
    const finish = new Map([
      ["east", Promise.withResolvers<void>()],
      ["west", Promise.withResolvers<void>()],
    ]);
    const work = defineWorkflow({
      name: "work",
      version: 1,
      partitionLimit: 2,
      run: async (run, stamp: string) =>
        run.step("s", async () => {
          now.set(stamp, (now.get(stamp) ?? 0) + 1);
          most.set(stamp, Math.max(most.get(stamp) ?? 0, now.get(stamp) ?? 0));
          await finish.get(stamp)?.promise;
          now.set(stamp, (now.get(stamp) ?? 0) - 1);
        }),
    });
    for (const stamp of ["east", "west"]) {
      for (let index = 0; index < 5; index += 1) {
        await engine.start({ workflow: work, input: stamp, runId: `${stamp}-${index}`, partition: stamp });
      }
    }
    await using _worker = await engine.startWorker({ workflows: [work], concurrency: 10 });
    await waitUntil(harness, engine, async () => now.get("east") === 2 && now.get("west") === 2);
    finish.get("west")?.resolve();
    for (let index = 0; index < 5; index += 1) await waitForStatus(harness, engine, `west-${index}`, "succeeded");
    expect(now.get("east")).toBe(2);
    finish.get("east")?.resolve();
    for (let index = 0; index < 5; index += 1) await waitForStatus(harness, engine, `east-${index}`, "succeeded");
    expect(Object.fromEntries(most)).toEqual({ east: 2, west: 2 });
  });

  test("a run that waits holds its place in the partition where the adapter says so, and only there", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const work = defineWorkflow({
      name: "work",
      version: 1,
      partitionLimit: 1,
      async run(run, input: { readonly waits: boolean }) {
        if (input.waits) await run.waitForSignal("go", { timeoutMs: 1000 * harness.longMs });
        return run.step("s", async () => null);
      },
    });
    await using _worker = await engine.startWorker({ workflows: [work], concurrency: 4 });
    await engine.start({ workflow: work, input: { waits: true }, runId: "waits", partition: "east" });
    await waitUntil(harness, engine, async () => (await engine.find("waits"))?.steps.at(0));
    await engine.start({ workflow: work, input: { waits: false }, runId: "other", partition: "east" });
    if (engine.traits.waitingHoldsPlace) {
      await harness.advance(harness.longMs);
      expect((await engine.find("other"))?.status).toBe("queued");
    } else {
      await waitForStatus(harness, engine, "other", "succeeded");
    }
    await engine.signal("waits", { name: "go", key: "k1", payload: null });
    await waitForStatus(harness, engine, "waits", "succeeded");
    await waitForStatus(harness, engine, "other", "succeeded");
  });
}
