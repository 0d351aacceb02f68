import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "@holdfast/kernel/testing";
import { describeRunEngine } from "../testing/describe-run-engine.ts";
import type { RunEngineHarness } from "../testing/run-engine-harness.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { openSqliteRunEngine } from "./sqlite-run-engine.ts";

async function makeHarness(): Promise<RunEngineHarness> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-runs-"));
  const clock = new SimulatedClock();
  const random = new SeededRandom(7);
  const times = { leaseMs: 180_000, pollMs: 60_000 };
  return {
    clock,
    longMs: 3_600_000,
    open: () => openSqliteRunEngine({ file: join(folder, "runs.db"), clock, random, times }),
    advance: (durationMs) => clock.advance(durationMs),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

describeRunEngine("the SQLite engine", makeHarness);
