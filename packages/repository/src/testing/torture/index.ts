/** Harm of many kinds, each a function of a seed and a count: see docs/torture.md. */
export { SeededRandom } from "@holdfast/kernel/testing";
export { breakStores } from "./break-stores.ts";
export { cutModelledPower } from "./cut-modelled-power.ts";
export { fuzzDecoders } from "./fuzz-decoders.ts";
export { harmObjects } from "./harm-objects.ts";
export { createTally, seedOf } from "./harm-result.ts";
export type { HarmOptions, HarmResult } from "./harm-result.ts";
export { killCopiers } from "./kill-copiers.ts";
export { killPruners, runPruner } from "./kill-pruners.ts";
export { simulateWorlds } from "./simulate-worlds.ts";
export { expectWhole, killWriters, runWriter } from "./kill-writers.ts";
