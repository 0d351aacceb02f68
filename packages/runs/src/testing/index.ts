/** Tests and tools for adapters of runs, and a clock for simulated time. For tests only. */
export { describeRunEngine } from "./describe-run-engine.ts";
export { waitForStatus, waitUntil, untilAborted } from "./run-engine-harness.ts";
export type { RunEngineHarness } from "./run-engine-harness.ts";
export { SimulatedClock } from "./simulated-clock.ts";
export { openMemoryRunEngine } from "./memory-run-engine.ts";
