import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { withSlots } from "../slots/with-slots.ts";
import { openMemoryRunEngine } from "../testing/memory-run-engine.ts";
import { untilAborted } from "../testing/run-engine-harness.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { defineWorkflow } from "../workflow.ts";
import { openSqliteRunEngine } from "./sqlite-run-engine.ts";

test("after another process's cancel no step begins, even before the worker has noticed; the one in hand is journaled", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-runs-"));
  try {
    const clock = new SimulatedClock();
    const options = { file: join(folder, "runs.db"), clock, random: new SeededRandom(1) };
    await using engine = await openSqliteRunEngine({ ...options, times: { leaseMs: 600_000, pollMs: 300_000 } });
    await using other = await openSqliteRunEngine(options);
    const finish = Promise.withResolvers<void>();
    const did: string[] = [];
    const work = defineWorkflow({
      name: "work",
      version: 1,
      async run(run, _input: null) {
        await run.step("first", () => finish.promise);
        await run.step("second", async () => did.push("second"));
      },
    });
    await using _worker = await engine.startWorker({ workflows: [work], concurrency: 1 });
    await engine.start({ workflow: work, input: null, runId: "r1" });
    await clock.advance(1);
    expect(await other.cancel("r1", "stop")).toBe(true);
    expect((await other.find("r1"))?.status).toBe("cancelling");
    finish.resolve();
    await clock.advance(1);
    expect(await other.find("r1")).toMatchObject({
      status: "cancelled",
      failure: { code: "runs.run.cancelled", message: "stop" },
      steps: [{ name: "first", status: "succeeded" }],
    });
    expect(did).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a run that comes to rest beside a scope of slots gives them back", async () => {
  const clock = new SimulatedClock();
  const random = new SeededRandom(1);
  await using engine = await openMemoryRunEngine({ clock, random });
  await engine.slots.setCapacity("stamp", 1);
  const scope = { pool: engine.slots, clock, random, needs: [{ name: "stamp", count: 1 }] };
  const work = defineWorkflow({
    name: "work",
    version: 1,
    async run(run, _input: null) {
      await withSlots(run, scope, async (slotted) => {
        await slotted.step("works", async () => null);
        // Not by the scope's own context, so that the scope does not hear of it.
        await run.sleep("long", 10 * 3_600_000);
      });
    },
  });
  await using _worker = await engine.startWorker({ workflows: [work], concurrency: 1 });
  await engine.start({ workflow: work, input: null, runId: "r1" });
  await clock.advance(1000);
  expect(await engine.find("r1")).toMatchObject({ status: "waiting" });
  expect(await engine.slots.list()).toMatchObject([{ held: 0, waiting: 0 }]);
});

test("a worker whose clock is set back notices a cancel of another process no later for that", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-runs-"));
  try {
    const clock = new SimulatedClock();
    const times = { leaseMs: 10_000, pollMs: 1000 };
    const options = { file: join(folder, "runs.db"), clock, random: new SeededRandom(1), times };
    await using engine = await openSqliteRunEngine(options);
    await using other = await openSqliteRunEngine(options);
    const work = defineWorkflow({
      name: "work",
      version: 1,
      run: async (run, _input: null) => run.step("for ever", ({ signal }) => untilAborted(signal)),
    });
    await using _worker = await engine.startWorker({ workflows: [work], concurrency: 1 });
    await engine.start({ workflow: work, input: null, runId: "r1" });
    await clock.advance(5000);
    clock.jump(-24 * 3_600_000);
    await other.cancel("r1", "stop");
    await clock.advance(times.pollMs + 1);
    expect((await other.find("r1"))?.status).toBe("cancelled");
  } finally {
    await rm(folder, { recursive: true });
  }
});
