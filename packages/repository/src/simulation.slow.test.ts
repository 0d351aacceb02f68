import { env } from "node:process";
import { expect, test } from "vitest";
import { simulate } from "./testing/simulate.ts";

// More and longer worlds: HOLDFAST_SIMULATION_WORLDS=500 HOLDFAST_SIMULATION_STEPS=20000 HOLDFAST_SIMULATION_SEED=1.
const worlds = Number(env["HOLDFAST_SIMULATION_WORLDS"] ?? 4);
const steps = Number(env["HOLDFAST_SIMULATION_STEPS"] ?? 2500);
const firstSeed = Number(env["HOLDFAST_SIMULATION_SEED"] ?? 1);

test(
  `${worlds} worlds of captures, prunes, deletions, restores, faults and kills lose no point and no space`,
  { timeout: 0 },
  async () => {
    let deletedPacks = 0;
    for (let seed = firstSeed; seed < firstSeed + worlds; seed += 1) {
      const result = await simulate({ seed, steps });
      deletedPacks += result.deletedPacks;
    }
    expect(deletedPacks).toBeGreaterThan(0);
  },
);

test("a world goes the same way again under the same seed", async () => {
  expect(await simulate({ seed: 2, steps: 800 })).toEqual(await simulate({ seed: 2, steps: 800 }));
});
