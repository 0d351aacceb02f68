import { expect, test } from "vitest";
import { followEvents } from "../follow-events.ts";
import { defineWorkflow } from "../workflow.ts";
import { waitForStatus } from "./run-engine-harness.ts";
import type { RunEngineHarness } from "./run-engine-harness.ts";

const quick = defineWorkflow({
  name: "quick",
  version: 1,
  run: async (run, _input: null) => run.step("s", async () => 1),
});
const slow = defineWorkflow({
  name: "slow",
  version: 1,
  run: async (run, _input: null) => run.waitForSignal("end", { timeoutMs: 24 * 3_600_000 }),
});

export function historyCases(make: () => Promise<RunEngineHarness>): void {
  test("runs are listed newest first, by page, status, workflow, partition and parent", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    for (let index = 0; index < 5; index += 1) {
      const partition = index % 2 === 0 ? "east" : "west";
      await engine.start({ workflow: quick, input: null, runId: `r${index}`, partition, parentRunId: "p" });
      await harness.advance(2);
    }
    await engine.start({ workflow: slow, input: null, runId: "s" });
    const ids = async (filter: Parameters<typeof engine.list>[0]): Promise<string[]> =>
      (await engine.list(filter)).runs.map(({ runId }) => runId);
    expect(await ids({})).toEqual(["s", "r4", "r3", "r2", "r1", "r0"]);
    expect(await ids({ partition: "east" })).toEqual(["r4", "r2", "r0"]);
    expect(await ids({ workflow: "slow" })).toEqual(["s"]);
    expect(await ids({ statuses: ["running"] })).toEqual([]);
    expect(await ids({ parentRunId: "p", statuses: ["queued", "failed"], limit: 2 })).toEqual(["r4", "r3"]);
    const first = await engine.list({ limit: 4 });
    expect(first.next).not.toBeNull();
    const second = await engine.list({ limit: 4, after: first.next! });
    expect(second).toMatchObject({ next: null, runs: [{ runId: "r1" }, { runId: "r0" }] });
  });

  test("prune forgets runs that ended before, all of theirs, and nothing else", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    await using _worker = await engine.startWorker({ workflows: [quick, slow], concurrency: 4 });
    await engine.start({ workflow: slow, input: null, runId: "parent" });
    await engine.start({ workflow: quick, input: null, runId: "child", parentRunId: "parent" });
    const { runId } = await engine.start({ workflow: quick, input: null, deduplicationId: "tick" });
    await waitForStatus(harness, engine, "child", "succeeded");
    const old = await waitForStatus(harness, engine, runId, "succeeded");
    const before = await engine.readEvents({ afterSequence: 0, limit: 1000 });
    await harness.advance(harness.longMs);
    const endedBeforeMs = harness.clock.now();
    await engine.start({ workflow: quick, input: null, runId: "young" });
    await waitForStatus(harness, engine, "young", "succeeded");
    expect(await engine.prune({ endedBeforeMs: old.endedAtMs! })).toBe(0);
    expect(await engine.prune({ endedBeforeMs })).toBe(1);
    expect(await engine.find(runId)).toBeNull();
    expect((await engine.list({})).runs.map((run) => run.runId).toSorted()).toEqual(["child", "parent", "young"]);
    const fromStart = await engine.readEvents({ afterSequence: 0, limit: 1000 });
    expect(fromStart.hasGap).toBe(true);
    expect(fromStart.events.some((event) => event.runId === runId)).toBe(false);
    expect((await engine.readEvents({ afterSequence: before.lastSequence })).hasGap).toBe(false);
    await engine.signal("parent", { name: "end", key: "k", payload: null });
    await waitForStatus(harness, engine, "parent", "succeeded");
    expect(await engine.prune({ endedBeforeMs })).toBe(1);
    expect(await engine.find("child")).toBeNull();
    expect((await engine.start({ workflow: quick, input: null, deduplicationId: "tick" })).isNew).toBe(true);
  });

  test("a follower of events is given each once, in order, from where it asks, until it is aborted", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    await using _worker = await engine.startWorker({ workflows: [quick], concurrency: 2 });
    const stop = new AbortController();
    const seen: number[] = [];
    const kinds: string[] = [];
    const following = (async () => {
      const { clock } = harness;
      for await (const page of followEvents({ engine, clock }, { afterSequence: 0, signal: stop.signal, pollMs: 5 })) {
        seen.push(...page.events.map(({ sequence }) => sequence));
        kinds.push(...page.events.map(({ kind }) => kind));
        if (kinds.filter((kind) => kind === "run-succeeded").length === 6) stop.abort(new Error("seen enough"));
      }
    })();
    const ended = expect(following).rejects.toThrow("seen enough");
    for (let index = 0; index < 6; index += 1) await engine.start({ workflow: quick, input: null, runId: `r${index}` });
    for (let index = 0; index < 6; index += 1) await waitForStatus(harness, engine, `r${index}`, "succeeded");
    await harness.advance(20);
    await ended;
    expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b));
    expect(kinds).toHaveLength(24);
  });
}
