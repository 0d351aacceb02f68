import { expect, test } from "vitest";
import { SeededRandom } from "@holdfast/kernel/testing";
import { withSlots } from "../slots/with-slots.ts";
import type { SlotNeed, SlotRequest } from "../slots/slot-pool.ts";
import { defineWorkflow } from "../workflow.ts";
import { untilAborted, waitForStatus, waitUntil } from "./run-engine-harness.ts";
import type { RunEngineHarness } from "./run-engine-harness.ts";

const need = (name: string, count = 1): SlotNeed => ({ name, count });

export function slotCases(make: () => Promise<RunEngineHarness>): void {
  const asking = (harness: RunEngineHarness, holder: string, ...needs: SlotNeed[]): SlotRequest => ({
    holder,
    owner: "one",
    isFirst: true,
    needs,
    leaseMs: 10 * harness.longMs,
  });

  test("a ticket is granted whole or not at all, and what is given back goes to the first that waits", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const { slots } = engine;
    await slots.setCapacity("stamp", 2);
    await slots.setCapacity("repository", 1);
    expect(await slots.request(asking(harness, "a", need("stamp"), need("repository")))).toBe("held");
    expect(await slots.request(asking(harness, "b", need("stamp"), need("repository")))).toBe("waiting");
    // b holds nothing, but later ones must leave it what it needs.
    expect(await slots.request(asking(harness, "c", need("stamp")))).toBe("waiting");
    expect(await slots.list()).toEqual([
      { name: "repository", capacity: 1, held: 1, waiting: 1 },
      { name: "stamp", capacity: 2, held: 1, waiting: 2 },
    ]);
    await slots.release({ holder: "a", owner: "one" });
    expect(await slots.request(asking(harness, "b", need("stamp"), need("repository")))).toBe("held");
    expect(await slots.request(asking(harness, "c", need("stamp")))).toBe("held");
  });

  test("a lower priority number goes first, but does not starve what has waited", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const { slots } = engine;
    await slots.setCapacity("stamp", 1);
    await slots.request(asking(harness, "holder", need("stamp")));
    expect(await slots.request({ ...asking(harness, "low", need("stamp")), priority: 50 })).toBe("waiting");
    expect(await slots.request({ ...asking(harness, "high", need("stamp")), priority: 1 })).toBe("waiting");
    await slots.release({ holder: "holder", owner: "one" });
    expect(await slots.request({ ...asking(harness, "low", need("stamp")), priority: 50 })).toBe("waiting");
    expect(await slots.request({ ...asking(harness, "high", need("stamp")), priority: 1 })).toBe("held");
  });

  test("a ticket that is not asked for again is gone with its lease, and what it held", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const { slots } = engine;
    await slots.setCapacity("stamp", 1);
    const lease = { leaseMs: harness.longMs };
    await slots.request({ ...asking(harness, "dead", need("stamp")), ...lease });
    expect(await slots.request({ ...asking(harness, "next", need("stamp")), leaseMs: 10 * harness.longMs })).toBe(
      "waiting",
    );
    await harness.advance(harness.longMs + 1);
    expect(await slots.request({ ...asking(harness, "next", need("stamp")), leaseMs: 10 * harness.longMs })).toBe(
      "held",
    );
    expect(await slots.request({ ...asking(harness, "dead", need("stamp")), ...lease })).toBe("waiting");
  });

  test("an older owner of a ticket neither renews it nor gives it back", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const { slots } = engine;
    await slots.setCapacity("stamp", 1);
    const mine = asking(harness, "run", need("stamp"));
    expect(await slots.request(mine)).toBe("held");
    expect(await slots.request({ ...mine, owner: "two" })).toBe("held");
    expect(await slots.request({ ...mine, isFirst: false })).toBe("taken-over");
    await slots.release({ holder: "run", owner: "one" });
    expect(await slots.request({ ...mine, owner: "two", isFirst: false })).toBe("held");
    await slots.release({ holder: "run", owner: "two" });
    expect((await slots.list())[0]?.held).toBe(0);
  });

  test("requests that can never be met are refused, and a lowered capacity blocks nobody else", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    const { slots } = engine;
    await slots.setCapacity("stamp", 2);
    await slots.setCapacity("repository", 1);
    const code = (request: SlotRequest) => slots.request(request).catch((error: { code: string }) => error.code);
    expect(await code(asking(harness, "a", need("elsewhere")))).toBe("runs.slots.unknown");
    expect(await code(asking(harness, "a", need("stamp", 3)))).toBe("runs.slots.impossible");
    expect(await code(asking(harness, "a"))).toBe("runs.number.invalid");
    expect(await code(asking(harness, "a", need("stamp"), need("stamp")))).toBe("runs.number.invalid");
    expect(await code(asking(harness, "a", need("stamp")))).toBe("held");
    expect(await code(asking(harness, "a", need("repository")))).toBe("runs.slots.one-ticket");
    expect(await code(asking(harness, "b", need("stamp", 2), need("repository")))).toBe("waiting");
    await slots.setCapacity("stamp", 1);
    expect(await code(asking(harness, "c", need("repository")))).toBe("held");
  });

  test("steps of runs take turns at a slot, and a replay passes without one", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    await engine.slots.setCapacity("stamp", 1);
    const random = new SeededRandom(1);
    let inside = 0;
    let most = 0;
    const work = defineWorkflow({
      name: "work",
      version: 1,
      run: (run, _input: null) => {
        const scope = { pool: engine.slots, clock: harness.clock, random, needs: [need("stamp")], pollMs: 5 };
        return withSlots(run, scope, async (slotted) => {
          for (const name of ["a", "b"]) {
            await slotted.step(name, async () => {
              inside += 1;
              most = Math.max(most, inside);
              await new Promise((resolve) => setImmediate(resolve));
              inside -= 1;
            });
          }
          // Other runs can have the slot while this one sleeps.
          await slotted.sleep("pause", harness.longMs);
          return slotted.step("c", async () => "done");
        });
      },
    });
    await using _worker = await engine.startWorker({ workflows: [work], concurrency: 4 });
    const ids = ["r1", "r2", "r3", "r4"];
    for (const runId of ids) await engine.start({ workflow: work, input: null, runId });
    await waitUntil(harness, engine, async () => {
      const runs = await Promise.all(ids.map((id) => engine.find(id)));
      return runs.every((run) => run?.steps.at(2) !== undefined);
    });
    await harness.advance(harness.longMs);
    for (const runId of ids) expect((await waitForStatus(harness, engine, runId, "succeeded")).output).toBe("done");
    expect(most).toBe(1);
    await waitUntil(harness, engine, async () => (await engine.slots.list())[0]?.held === 0);
  });

  test("a cancelled run gives its slots back", async () => {
    await using harness = await make();
    await using engine = await harness.open();
    await engine.slots.setCapacity("stamp", 1);
    const random = new SeededRandom(1);
    const work = defineWorkflow({
      name: "work",
      version: 1,
      run: (run, _input: null) =>
        withSlots(run, { pool: engine.slots, clock: harness.clock, random, needs: [need("stamp")] }, (slotted) =>
          slotted.step("for ever", ({ signal }) => untilAborted(signal)),
        ),
    });
    await using _worker = await engine.startWorker({ workflows: [work], concurrency: 4 });
    await engine.start({ workflow: work, input: null, runId: "r1" });
    await waitUntil(harness, engine, async () => (await engine.slots.list())[0]?.held === 1);
    await engine.cancel("r1", "stop");
    await waitForStatus(harness, engine, "r1", "cancelled");
    await waitUntil(harness, engine, async () => (await engine.slots.list())[0]?.held === 0);
  });
}
