import { HoldfastError } from "@holdfast/kernel";
import { expect, test } from "vitest";
import { runLimits } from "../limits.ts";
import type { RunEngine } from "../run-engine.ts";
import { defineWorkflow } from "../workflow.ts";
import type { RunContext, StepContext } from "../workflow.ts";
import { untilAborted, waitForStatus, waitUntil } from "./run-engine-harness.ts";
import type { RunEngineHarness } from "./run-engine-harness.ts";

const kindsOf = async (engine: RunEngine): Promise<string[]> =>
  (await engine.readEvents({ afterSequence: 0, limit: 1000 })).events.map(({ kind }) => kind);

function workflowOf<T>(run: (context: RunContext) => Promise<T>) {
  return defineWorkflow<null, T>({ name: "case", version: 1, run });
}

const refused = (): HoldfastError =>
  new HoldfastError({
    code: "test.quota.reached",
    message: "quota reached",
    advice: "Ask for more.",
    isRetryable: false,
  });

export function replayCases(make: () => Promise<RunEngineHarness>): void {
  test("a step that fails is tried again with the same key, up to its attempts", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const seen: [string, number][] = [];
    const flaky = workflowOf((run) =>
      run.step(
        "flaky",
        async ({ key, attempt }) => {
          seen.push([key, attempt]);
          if (attempt < 3) throw new Error("not yet");
          return "at last";
        },
        { maxAttempts: 3, backoffMs: 10 },
      ),
    );
    await using _worker = await engine.startWorker({ workflows: [flaky], concurrency: 1 });
    await engine.start({ workflow: flaky, input: null, runId: "r1" });
    expect((await waitForStatus(harness, engine, "r1", "succeeded", "failed")).output).toBe("at last");
    expect(seen.map(([, attempt]) => attempt)).toEqual([1, 2, 3]);
    expect(new Set(seen.map(([key]) => key)).size).toBe(1);
    expect((await kindsOf(engine)).filter((kind) => kind === "step-retried")).toHaveLength(2);
  });

  test("a step that has used its attempts fails its run, with the error's code", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    let tries = 0;
    const broken = workflowOf((run) =>
      run.step(
        "broken",
        async () => {
          tries += 1;
          throw new Error("no use");
        },
        { maxAttempts: 2, backoffMs: 10 },
      ),
    );
    await using _worker = await engine.startWorker({ workflows: [broken], concurrency: 1 });
    await engine.start({ workflow: broken, input: null, runId: "r1" });
    const run = await waitForStatus(harness, engine, "r1", "failed", "succeeded");
    expect(run.failure).toMatchObject({ code: "runs.step.failed", message: "no use" });
    expect(run.steps).toMatchObject([{ name: "broken", status: "failed", failure: { message: "no use" } }]);
    expect(tries).toBe(2);
  });

  test("a failed step can be caught, is not tried again where that cannot help, and stays failed at a replay", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    let tries = 0;
    const careful = workflowOf(async (run) => {
      const caught = await run
        .step(
          "refused",
          async () => {
            tries += 1;
            throw refused();
          },
          { maxAttempts: 5 },
        )
        .catch((error: unknown) => (error as HoldfastError).code);
      await run.sleep("pause", harness.longMs);
      return caught;
    });
    await using _worker = await engine.startWorker({ workflows: [careful], concurrency: 1 });
    await engine.start({ workflow: careful, input: null, runId: "r1" });
    await waitUntil(harness, engine, async () => (await engine.find("r1"))?.steps.at(1));
    await harness.advance(harness.longMs);
    expect((await waitForStatus(harness, engine, "r1", "succeeded", "failed")).output).toBe("test.quota.reached");
    expect(tries).toBe(1);
  });

  test("a run goes on after its worker stopped: done steps are not done again, the one in hand is, with its key", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const done: string[] = [];
    let isBlocked = true;
    const inHand = Promise.withResolvers<void>();
    const work = workflowOf(async (run) => {
      const first = await run.step("first", async ({ key }) => done.push(`first ${key}`));
      const second = await run.step("second", async (step: StepContext) => {
        done.push(`second ${step.key}`);
        inHand.resolve();
        if (isBlocked) await untilAborted(step.signal);
        return first;
      });
      return second;
    });
    {
      await using _worker = await engine.startWorker({ workflows: [work], concurrency: 1 });
      await engine.start({ workflow: work, input: null, runId: "r1" });
      await waitUntil(harness, engine, async () => done.length === 2);
      await inHand.promise;
    }
    isBlocked = false;
    await using _next = await engine.startWorker({ workflows: [work], concurrency: 1 });
    expect((await waitForStatus(harness, engine, "r1", "succeeded", "failed")).output).toBe(1);
    expect(done).toHaveLength(3);
    expect(done[2]).toBe(done[1]);
    expect(done[0]).not.toBe(done[1]);
  });

  test("steps made side by side keep their places", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const names = ["a", "b", "c", "d"];
    const wide = workflowOf(async (run) => {
      const results = await Promise.all(names.map((name) => run.step(`wide/${name}`, async () => name.toUpperCase())));
      await run.sleep("pause", harness.longMs);
      return results.join("");
    });
    await using _worker = await engine.startWorker({ workflows: [wide], concurrency: 1 });
    await engine.start({ workflow: wide, input: null, runId: "r1" });
    await waitUntil(harness, engine, async () => (await engine.find("r1"))?.steps.at(4));
    await harness.advance(harness.longMs);
    const run = await waitForStatus(harness, engine, "r1", "succeeded", "failed");
    expect(run.output).toBe("ABCD");
    expect(run.steps.slice(0, 4).map(({ name }) => name)).toEqual(names.map((name) => `wide/${name}`));
  });

  test("code that no longer fits the journal fails its run instead of guessing", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const before = workflowOf(async (run) => {
      await run.step("first", async () => 1);
      await run.sleep("pause", harness.longMs);
    });
    const after = workflowOf(async (run) => {
      await run.step("renamed", async () => 1);
      await run.sleep("pause", harness.longMs);
    });
    {
      await using _worker = await engine.startWorker({ workflows: [before], concurrency: 1 });
      await engine.start({ workflow: before, input: null, runId: "r1" });
      await waitUntil(harness, engine, async () => (await engine.find("r1"))?.steps.at(1));
    }
    await using _worker = await engine.startWorker({ workflows: [after], concurrency: 1 });
    await harness.advance(harness.longMs);
    const run = await waitForStatus(harness, engine, "r1", "failed", "succeeded");
    expect(run.failure?.code).toBe("runs.replay.changed");
  });

  test("code that ends before its journal does fails its run", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const before = workflowOf(async (run) => {
      await run.step("first", async () => 1);
      await run.step("second", async () => 2);
      await run.sleep("pause", harness.longMs);
    });
    const after = workflowOf((run) => run.step("first", async () => 1));
    {
      await using _worker = await engine.startWorker({ workflows: [before], concurrency: 1 });
      await engine.start({ workflow: before, input: null, runId: "r1" });
      await waitUntil(harness, engine, async () => (await engine.find("r1"))?.steps.at(2));
    }
    await using _worker = await engine.startWorker({ workflows: [after], concurrency: 1 });
    await harness.advance(harness.longMs);
    const run = await waitForStatus(harness, engine, "r1", "failed", "succeeded");
    expect(run.failure?.code).toBe("runs.replay.changed");
  });

  test("a run whose code fails ends only when the steps beside have ended, and keeps their results", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const finish = Promise.withResolvers<void>();
    const wide = workflowOf((run) =>
      Promise.all([
        run.step("slow", () => finish.promise),
        run.step("broken", async () => {
          throw new Error("no use");
        }),
      ]),
    );
    await using _worker = await engine.startWorker({ workflows: [wide], concurrency: 1 });
    await engine.start({ workflow: wide, input: null, runId: "r1" });
    await waitUntil(harness, engine, async () => (await engine.find("r1"))?.steps.length === 1);
    await harness.advance(harness.longMs / 4);
    expect((await engine.find("r1"))?.status).toBe("running");
    finish.resolve();
    const run = await waitForStatus(harness, engine, "r1", "failed", "succeeded");
    expect(run.steps.map(({ name, status }) => [name, status])).toEqual([
      ["slow", "succeeded"],
      ["broken", "failed"],
    ]);
  });

  test("a patch is off in runs that had passed its place, and on in others, at every replay", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const before = workflowOf(async (run) => {
      await run.step("first", async () => 1);
      await run.sleep("pause", harness.longMs);
      return "plain";
    });
    const after = workflowOf(async (run) => {
      const isPatched = await run.hasPatch("second");
      await run.step("first", async () => 1);
      if (isPatched) await run.step("second", async () => 2);
      await run.sleep("pause", harness.longMs);
      return isPatched ? "patched" : "plain";
    });
    {
      await using _worker = await engine.startWorker({ workflows: [before], concurrency: 1 });
      await engine.start({ workflow: before, input: null, runId: "old" });
      await waitUntil(harness, engine, async () => (await engine.find("old"))?.steps.at(1));
    }
    await using _worker = await engine.startWorker({ workflows: [after], concurrency: 2 });
    await engine.start({ workflow: after, input: null, runId: "new" });
    await waitUntil(harness, engine, async () => (await engine.find("new"))?.steps.at(3));
    await harness.advance(harness.longMs);
    expect((await waitForStatus(harness, engine, "old", "succeeded", "failed")).output).toBe("plain");
    expect((await waitForStatus(harness, engine, "new", "succeeded", "failed")).output).toBe("patched");
  });

  test("a run whose version nobody knows waits for a worker that does", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const versions = [1, 2].map((version) =>
      defineWorkflow({ name: "case", version, run: async (run, _input: null) => run.step("v", async () => version) }),
    );
    await engine.start({ workflow: versions[1]!, input: null, runId: "new" });
    {
      await using _old = await engine.startWorker({ workflows: [versions[0]!], concurrency: 2 });
      await engine.start({ workflow: versions[0]!, input: null, runId: "old" });
      expect((await waitForStatus(harness, engine, "old", "succeeded")).output).toBe(1);
      expect((await engine.find("new"))?.status).toBe("queued");
    }
    await using _both = await engine.startWorker({ workflows: versions, concurrency: 2 });
    expect((await waitForStatus(harness, engine, "new", "succeeded", "failed")).output).toBe(2);
  });

  test("a result that is too large fails its step, and an absent one is null", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const large = workflowOf(async (run) => {
      const nothing = await run.step("nothing", async () => undefined);
      const code = await run
        .step("large", async () => "x".repeat(runLimits.payloadBytes))
        .catch((error: unknown) => (error as HoldfastError).code);
      return { nothing, code };
    });
    await using _worker = await engine.startWorker({ workflows: [large], concurrency: 1 });
    await engine.start({ workflow: large, input: null, runId: "r1" });
    const run = await waitForStatus(harness, engine, "r1", "succeeded", "failed");
    expect(run.output).toEqual({ nothing: null, code: "runs.payload.too-large" });
  });

  test("progress of a step is to be read while it works", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const finish = Promise.withResolvers<void>();
    const long = workflowOf((run) =>
      run.step("transfer/disk-0", async (step) => {
        step.reportProgress({ done: 5, total: 10, unit: "bytes" });
        await finish.promise;
      }),
    );
    await using _worker = await engine.startWorker({ workflows: [long], concurrency: 1 });
    await engine.start({ workflow: long, input: null, runId: "r1" });
    const progress = await waitUntil(harness, engine, async () => (await engine.find("r1"))?.progress);
    expect(progress).toEqual({ done: 5, total: 10, unit: "bytes", step: "transfer/disk-0" });
    finish.resolve();
    expect((await waitForStatus(harness, engine, "r1", "succeeded")).progress).toBeNull();
    expect(await kindsOf(engine)).toContain("progress");
  });
}
