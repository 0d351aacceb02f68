import { join } from "node:path";
import type { RunEngine } from "../../run-engine.ts";
import { openSqliteRunEngine } from "../../sqlite/sqlite-run-engine.ts";
import { realClock, realRandom } from "./real-time.ts";

/** Where runs are kept, as one text that a worker process can be started with. */
export type TortureTarget = `sqlite:${string}` | `postgresql:${string}`;

/** Opens the engine of a target, with a lease short enough that many run out in a short test. */
export async function openTortureEngine(target: string): Promise<RunEngine> {
  const place = target.slice(target.indexOf(":") + 1);
  if (target.startsWith("sqlite:")) {
    const times = { leaseMs: 1200, pollMs: 40 };
    return openSqliteRunEngine({ file: join(place, "runs.db"), clock: realClock, random: realRandom, times });
  }
  throw new Error(`no adapter for ${target}`);
}
