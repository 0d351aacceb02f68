import { join } from "node:path";
import { Secret } from "@holdfast/kernel";
import type { RunEngine } from "../../run-engine.ts";
import { openSqliteRunEngine } from "../../sqlite/sqlite-run-engine.ts";
import { realClock, realRandom } from "./real-time.ts";

/** Opens the engine of a target, `sqlite:FOLDER` or a URL of PostgreSQL, with a lease short enough that many run out in a short test. */
export async function openTortureEngine(target: string): Promise<RunEngine> {
  const place = target.slice(target.indexOf(":") + 1);
  if (target.startsWith("sqlite:")) {
    const times = { leaseMs: 1200, pollMs: 40 };
    return openSqliteRunEngine({ file: join(place, "runs.db"), clock: realClock, random: realRandom, times });
  }
  if (target.startsWith("postgresql:")) {
    const { openDbosRunEngine } = await import("../../postgresql/dbos-run-engine.ts");
    const times = { leaseMs: 1200, pollMs: 50 };
    return openDbosRunEngine({ url: new Secret(target), clock: realClock, random: realRandom, times, log: logTorture });
  }
  throw new Error(`no adapter for ${target}`);
}

/** What an adapter has to say is noise under torture, unless somebody looks for a cause. */
function logTorture(level: string, message: string): void {
  if (process.env["HOLDFAST_TEST_LOG"] !== undefined) console.error(`${process.pid} ${level}: ${message}`);
}
