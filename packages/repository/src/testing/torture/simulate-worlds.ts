import { simulate } from "../simulate.ts";
import { createTally, seedOf } from "./harm-result.ts";
import type { HarmOptions, HarmResult } from "./harm-result.ts";

const stepsOfWorld = 6000;

/** Runs worlds of captures, prunes, deletions, restores, faults and kills against a model: see `simulate`. */
export async function simulateWorlds({ seed, count }: HarmOptions): Promise<HarmResult> {
  const tally = createTally("simulate", seed);
  const did: Record<string, number> = {};
  for (let index = 0; index < count; index += 1) {
    const world = seedOf(seed, index);
    await tally.expect(`world ${world}`, async () => {
      for (const [kind, times] of Object.entries(await simulate({ seed: world, steps: stepsOfWorld })))
        did[kind] = (did[kind] ?? 0) + times;
    });
  }
  return { did: { worlds: count, ...did }, losses: tally.result().losses };
}
