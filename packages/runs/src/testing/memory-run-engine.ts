import type { Clock, Random } from "@holdfast/kernel";
import type { RunEngine } from "../run-engine.ts";
import { openSqliteRunEngine } from "../sqlite/sqlite-run-engine.ts";

// No other process can change a database in memory, so that there is nothing to look for.
const times = { leaseMs: 7 * 24 * 3_600_000, pollMs: 24 * 3_600_000 };

/** Runs for tests of what uses them: the embedded engine over a database that ends with it. */
export function openMemoryRunEngine(dependencies: {
  readonly clock: Clock;
  readonly random: Random;
}): Promise<RunEngine> {
  return openSqliteRunEngine({ file: ":memory:", ...dependencies, times });
}
