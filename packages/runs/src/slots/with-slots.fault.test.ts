import { HoldfastError } from "@holdfast/kernel";
import { SeededRandom } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { openMemoryRunEngine } from "../testing/memory-run-engine.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { defineWorkflow } from "../workflow.ts";
import type { SlotPool } from "./slot-pool.ts";
import { withSlots } from "./with-slots.ts";

const away = (): HoldfastError =>
  new HoldfastError({ code: "runs.database.unreachable", message: "away", advice: "wait", isRetryable: true });

/** A pool whose database is away for some of the calls of each kind. */
function flickering(pool: SlotPool, faults: { request: number; release: number }): SlotPool {
  return {
    ...pool,
    async request(request, options) {
      faults.request -= 1;
      if (faults.request >= 0) throw away();
      return pool.request(request, options);
    },
    async release(ticket, options) {
      faults.release -= 1;
      if (faults.release >= 0) throw away();
      return pool.release(ticket, options);
    },
  };
}

test("a database that is away when slots are taken and given back fails no run, and the lease gives them back", async () => {
  const clock = new SimulatedClock();
  const random = new SeededRandom(1);
  await using engine = await openMemoryRunEngine({ clock, random });
  await engine.slots.setCapacity("stamp", 1);
  const faults = { request: 3, release: 1 };
  const scope = { pool: flickering(engine.slots, faults), clock, random, needs: [{ name: "stamp", count: 1 }] };
  const work = defineWorkflow({
    name: "work",
    version: 1,
    run: (run, _input: null) => withSlots(run, scope, (slotted) => slotted.step("s", async () => "done")),
  });
  await using _worker = await engine.startWorker({ workflows: [work], concurrency: 1 });
  await engine.start({ workflow: work, input: null, runId: "r1" });
  await clock.advance(5000);
  expect(await engine.find("r1")).toMatchObject({ status: "succeeded", output: "done" });
  expect(faults).toEqual({ request: -1, release: 0 });
  expect(await engine.slots.list()).toMatchObject([{ held: 1 }]);
  await clock.advance(60_000);
  expect(await engine.slots.list()).toMatchObject([{ held: 0 }]);
});

test("a step whose slots were lost is aborted, and done again with new ones", async () => {
  const clock = new SimulatedClock();
  const random = new SeededRandom(1);
  await using engine = await openMemoryRunEngine({ clock, random });
  await engine.slots.setCapacity("stamp", 1);
  const faults = { request: 0, release: 0 };
  const pool = flickering(engine.slots, faults);
  const scope = { pool, clock, random, needs: [{ name: "stamp", count: 1 }], leaseMs: 30_000 };
  const seen: string[] = [];
  const work = defineWorkflow({
    name: "work",
    version: 1,
    run: (run, _input: null) =>
      withSlots(run, scope, (slotted) =>
        slotted.step(
          "s",
          async ({ signal, attempt }) => {
            if (attempt === 1) faults.request = 5;
            await clock.sleep(60_000, { signal }).catch(() => seen.push((signal.reason as HoldfastError).code));
            return attempt;
          },
          { maxAttempts: 2, backoffMs: 1 },
        ),
      ),
  });
  await using _worker = await engine.startWorker({ workflows: [work], concurrency: 1 });
  await engine.start({ workflow: work, input: null, runId: "r1" });
  await clock.advance(200_000);
  expect(seen).toEqual(["runs.slots.lost"]);
  expect(await engine.find("r1")).toMatchObject({ status: "succeeded", output: 2 });
});
