import type { Inventory, PolicySet } from "@holdfast/domain";
import { noPolicies, placedVmKey } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import { SeededRandom } from "@holdfast/kernel/testing";
import { openMemoryRunEngine, SimulatedClock } from "@holdfast/runs/testing";
import { expect, test } from "vitest";
import { readPolicyText } from "../policy-file/read-policy-file.ts";
import { makeVm } from "../testing/fake-services.ts";
import { createCaptureSchedule } from "./capture-schedule.ts";
import { createCaptureWorkflow } from "./capture-workflow.ts";
import type { CaptureInput } from "./capture-workflow.ts";
import { createRunHistory } from "./run-history.ts";

const [minuteMs, hourMs] = [60_000, 3_600_000];
const startMs = Date.UTC(2026, 0, 1);
const captureMs = 4 * minuteMs;

const hourly = `
version: 1
slots: 2
policies:
  gold: { every: 1h, repository: main, keep: { last: 24 } }
applications:
  all: { owner: Ada, select: [{ group: app }], policy: gold, rto: 4h, rpo: 3h }
`;

const inventory = (names: readonly string[]): Inventory => ({
  stampName: "east",
  subscriptionId: "s",
  location: "east",
  takenAtMs: startMs,
  vms: names.map((name) => makeVm("app", name, "stopped")),
  availabilitySets: [],
  scaleSets: [],
  loadBalancers: [],
});

/** A site whose captures take four minutes of simulated time, and fail while told to. */
async function makeSite(names: readonly string[], text = hourly) {
  const clock = new SimulatedClock(startMs);
  const random = new SeededRandom(7);
  const engine = await openMemoryRunEngine({ clock, random });
  const ground = {
    policies: text === "" ? noPolicies : (readPolicyText(text, "policy.yaml") as PolicySet),
    inventories: [inventory(names)],
    newestDataAtMs: new Map<string, number>(),
    appliedAtMs: startMs,
  };
  const captured: { name: string; atMs: number }[] = [];
  const state = { failing: new Set<string>(), atWork: 0, mostAtWork: 0 };
  const port = {
    async capture({ vmId }: CaptureInput, { signal }: { signal: AbortSignal }) {
      const name = vmId.split("/").at(-1)!;
      state.atWork += 1;
      state.mostAtWork = Math.max(state.mostAtWork, state.atWork);
      const dataAtMs = clock.now();
      try {
        await clock.sleep(captureMs, { signal });
        if (state.failing.has(name))
          throw new HoldfastError({ code: "engine.capture.refused", message: "no", advice: "none" });
        captured.push({ name, atMs: dataAtMs });
        return { pointId: `${name}-${dataAtMs}`, dataAtMs };
      } finally {
        state.atWork -= 1;
      }
    },
  };
  const workflow = createCaptureWorkflow({ port, slots: engine.slots, clock, random });
  const worker = await engine.startWorker({ workflows: [workflow], concurrency: 16 });
  const makeLook = () =>
    createCaptureSchedule({ engine, history: createRunHistory(engine), clock, load: async () => ground });
  const look = makeLook();
  const { signal } = new AbortController();
  return {
    clock,
    engine,
    ground,
    captured,
    state,
    look: () => look(signal),
    otherLook: (other = makeLook()) => other(signal),
    /** Looks every minute for so long. */
    async play(forMs: number) {
      for (let i = 0; i < forMs / minuteMs; i += 1) {
        await look(signal);
        await clock.advance(minuteMs);
      }
    },
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}

const names = ["a", "b", "c", "d", "e"];

test("new VMs are captured two at a time, then each in its own turn of every hour", async () => {
  await using site = await makeSite(names);
  const first = await site.look();
  expect([first.started.length, first.waiting.length]).toEqual([2, 3]);
  expect(first.waiting[0]!.forSlot).toBe("stamp/east/captures");
  await site.play(6 * hourMs);
  expect(site.state.mostAtWork).toBe(2);
  for (const name of names) {
    const own = site.captured.filter((one) => one.name === name).map(({ atMs }) => atMs);
    expect(own.length).toBeGreaterThanOrEqual(6);
    expect(own.length).toBeLessThanOrEqual(8);
    const gaps = own.slice(2).map((atMs, i) => atMs - own[i + 1]!);
    for (const gap of gaps) expect(Math.abs(gap - hourMs)).toBeLessThan(15 * minuteMs);
  }
});

test("two processes that look at the same time start one run for each turn", async () => {
  await using site = await makeSite(["a", "b"]);
  const [one, other] = [await site.look(), await site.otherLook()];
  expect(one.started.map(({ runId }) => runId)).toHaveLength(2);
  expect(other.started).toEqual([]);
  expect((await site.engine.list({})).runs).toHaveLength(2);
});

test("a failed capture is tried again after five minutes, then after ten, and its neighbour is not held up", async () => {
  await using site = await makeSite(["a", "b"]);
  site.state.failing.add("a");
  await site.play(40 * minuteMs);
  const failed = (await site.engine.list({ statuses: ["failed"] })).runs.map(
    ({ createdAtMs }) => (createdAtMs - startMs) / minuteMs,
  );
  expect(failed.toReversed()).toEqual([0, 5, 15, 35]);
  site.state.failing.clear();
  await site.play(60 * minuteMs);
  expect(site.captured.some(({ name }) => name === "a")).toBe(true);
  expect(site.captured.filter(({ name }) => name === "b").length).toBeGreaterThanOrEqual(2);
});

test("a schedule that was away for a week makes one capture of each VM, whose newest data is known from its points", async () => {
  await using site = await makeSite(["a", "b"]);
  for (const vm of site.ground.inventories[0]!.vms)
    site.ground.newestDataAtMs.set(placedVmKey({ stampName: "east", vm }), startMs - 7 * 24 * hourMs);
  await site.play(20 * minuteMs);
  expect(site.captured.map(({ name }) => name).toSorted()).toEqual(["a", "b"]);
});

test("a point from the future, left by a wrong clock, makes neither a pause nor a capture without end", async () => {
  await using site = await makeSite(["a"]);
  const [vm] = site.ground.inventories[0]!.vms;
  site.ground.newestDataAtMs.set(placedVmKey({ stampName: "east", vm: vm! }), startMs + 1000 * hourMs);
  await site.play(5 * hourMs);
  expect(site.captured.length).toBeGreaterThanOrEqual(5);
  expect(site.captured.length).toBeLessThanOrEqual(7);
});

test("what was started before a restart is known after it", async () => {
  await using site = await makeSite(["a"]);
  await site.play(10 * minuteMs);
  expect(site.captured).toHaveLength(1);
  const later = await site.otherLook();
  expect(later.started).toEqual([]);
  expect(later.nextMs).toBeGreaterThan(site.clock.now());
});
