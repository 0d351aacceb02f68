import { describe, expect, test } from "vitest";
import { FakeClock, FaultSet, SeededRandom, SkippingClock, withFaults } from "./index.ts";

describe("FakeClock", () => {
  test("wakes sleepers in the order of their time", async () => {
    const clock = new FakeClock(0);
    const woken: string[] = [];
    void clock.sleep(20).then(() => woken.push(`late ${clock.now()}`));
    void clock.sleep(10).then(() => woken.push(`early ${clock.now()}`));
    await clock.advance(30);
    expect(woken).toEqual(["early 10", "late 20"]);
  });

  test("leaves no sleeper behind an abort", async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const sleep = clock.sleep(10, { signal: stop.signal });
    stop.abort("stop");
    await expect(sleep).rejects.toBe("stop");
    expect(clock.sleeperCount).toBe(0);
  });

  test("SkippingClock moves its time on by what was slept", async () => {
    const clock = new SkippingClock(0);
    await clock.sleep(500);
    expect([clock.now(), clock.sleptMs]).toEqual([500, [500]]);
  });
});

describe("FaultSet", () => {
  const target = { read: async (value: number): Promise<number> => value };

  test("fails the test when a declared fault was never hit", () => {
    const faults = new FaultSet().add("read", { kind: "delay", durationMs: 0 });
    expect(() => faults.verifyAllHit()).toThrow("read delay");
  });

  test("hits the call after those to let through", async () => {
    const faults = new FaultSet().add(
      "read",
      { kind: "error", error: new Error("cut"), timing: "before" },
      { skip: 1 },
    );
    const faulty = withFaults(target, faults);
    expect(await faulty.read(1)).toBe(1);
    await expect(faulty.read(2)).rejects.toThrow("cut");
    expect(await faulty.read(3)).toBe(3);
    faults.verifyAllHit();
  });

  test("alters an answer", async () => {
    const faults = new FaultSet().add("read", { kind: "alter", alter: (result) => Number(result) + 1 });
    expect(await withFaults(target, faults).read(1)).toBe(2);
  });
});

test("SeededRandom repeats itself for a seed", () => {
  const draw = (seed: number): unknown => [new SeededRandom(seed).uuid(), new SeededRandom(seed).fraction()];
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(new SeededRandom(1).uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
});
