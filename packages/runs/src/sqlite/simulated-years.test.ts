import { SeededRandom } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { openMemoryRunEngine } from "../testing/memory-run-engine.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { defineWorkflow } from "../workflow.ts";

const day = 24 * 3_600_000;

test("two years of a daily schedule, each tick started twice, make one run each at its hour", async () => {
  const clock = new SimulatedClock();
  const beganMs = clock.now();
  await using engine = await openMemoryRunEngine({ clock, random: new SeededRandom(1) });
  const ran: number[] = [];
  const capture = defineWorkflow({
    name: "capture",
    version: 1,
    async run(run, tick: number) {
      await run.sleep("stagger", 600_000);
      await run.step("capture", async () => ran.push((clock.now() - beganMs) / day - tick));
    },
  });
  const review = defineWorkflow({
    name: "review",
    version: 1,
    async run(run, _input: null) {
      await run.sleep("until the review date", 700 * day);
      return run.step("ask", async () => (clock.now() - beganMs) / day);
    },
  });
  await using _worker = await engine.startWorker({ workflows: [capture, review], concurrency: 4 });
  await engine.start({ workflow: review, input: null, runId: "review" });
  for (let tick = 0; tick < 730; tick += 1) {
    for (let again = 0; again < 2; again += 1) {
      await engine.start({ workflow: capture, input: tick, deduplicationId: `policy/vm/${tick}` });
    }
    await clock.advance(day);
    if (tick % 30 === 0) await engine.prune({ endedBeforeMs: clock.now() - 60 * day });
  }
  expect(ran).toHaveLength(730);
  expect(Math.min(...ran)).toBeCloseTo(600_000 / day, 9);
  expect(Math.max(...ran)).toBeCloseTo(600_000 / day, 9);
  expect((await engine.find("review"))?.output).toBeCloseTo(700, 9);
  expect((await engine.list({ limit: 1000 })).runs.length).toBeLessThan(95);
});
