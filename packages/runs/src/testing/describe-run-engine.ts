import { describe } from "vitest";
import { cancelCases } from "./cancel-cases.ts";
import { childCases } from "./child-cases.ts";
import { historyCases } from "./history-cases.ts";
import { queueCases } from "./queue-cases.ts";
import { replayCases } from "./replay-cases.ts";
import type { RunEngineHarness } from "./run-engine-harness.ts";
import { signalCases } from "./signal-cases.ts";
import { slotCases } from "./slot-cases.ts";
import { startCases } from "./start-cases.ts";

/** The obligations of `RunEngine` and of its `SlotPool`, as tests. Every adapter passes them. */
export function describeRunEngine(name: string, make: () => Promise<RunEngineHarness>): void {
  describe(name, () => {
    describe("start", () => startCases(make));
    describe("steps and replay", () => replayCases(make));
    describe("sleep and signals", () => signalCases(make));
    describe("cancel and compensation", () => cancelCases(make));
    describe("child runs", () => childCases(make));
    describe("queue", () => queueCases(make));
    describe("history", () => historyCases(make));
    describe("slots", () => slotCases(make));
  });
}
