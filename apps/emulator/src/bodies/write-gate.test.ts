import { FakeClock } from "@holdfast/kernel/testing";
import { describe, expect, it } from "vitest";
import { WriteGate } from "./write-gate.ts";

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("WriteGate", () => {
  it("freezes only after the writes under way, and holds later ones until it is done", async () => {
    const gate = new WriteGate(new FakeClock());
    const events: string[] = [];
    const { promise: slow, resolve: finishSlow } = Promise.withResolvers<void>();
    const early = gate.pass(async () => {
      await slow;
      events.push("early write");
    });
    const freeze = gate.hold(async () => void events.push("freeze"));
    const late = gate.pass(async () => void events.push("late write"));
    await tick();
    expect(events).toEqual([]);
    finishSlow();
    await Promise.all([early, freeze, late]);
    expect(events).toEqual(["early write", "freeze", "late write"]);
  });

  it("holds writes for the stall, also when the freeze fails, and opens again", async () => {
    const clock = new FakeClock();
    const gate = new WriteGate(clock);
    const events: string[] = [];
    const failed = gate.hold(() => Promise.reject(new Error("no room")), 500);
    const outcome = failed.catch((error: Error) => events.push(error.message));
    const write = gate.pass(async () => void events.push("write"));
    await clock.advance(499);
    expect(events).toEqual([]);
    await clock.advance(1);
    await Promise.all([outcome, write]);
    expect(events.toSorted()).toEqual(["no room", "write"]);
    expect(await gate.pass(async () => 7)).toBe(7);
  });

  it("runs barriers one after the other, with no write in between that came after both", async () => {
    const gate = new WriteGate(new FakeClock());
    const events: string[] = [];
    const first = gate.hold(async () => {
      await tick();
      events.push("first");
    });
    const second = gate.hold(async () => void events.push("second"));
    const write = gate.pass(async () => void events.push("write"));
    await Promise.all([first, second, write]);
    expect(events).toEqual(["first", "second", "write"]);
  });

  it("counts a write that fails as over", async () => {
    const gate = new WriteGate(new FakeClock());
    const failed = gate.pass(() => Promise.reject(new Error("torn")));
    const frozen = gate.hold(async () => "frozen");
    await expect(failed).rejects.toThrow("torn");
    expect(await frozen).toBe("frozen");
  });
});
