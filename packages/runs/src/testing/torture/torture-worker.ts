// A worker process of the torture: works until it is killed, or until its driver is gone.
//   node torture-worker.ts TARGET EFFECTS-FILE
import { hasErrorCode } from "@holdfast/kernel";
import type { RunWorker } from "../../run-engine.ts";
import { openTortureEngine } from "./torture-adapter.ts";
import { Effects } from "./effects.ts";
import { realClock, realRandom } from "./real-time.ts";
import { tortureWorkflows } from "./torture-workflows.ts";

const [target, effectsFile] = process.argv.slice(2);
if (target === undefined || effectsFile === undefined) throw new Error("usage: torture-worker.ts TARGET EFFECTS-FILE");
const worker = await start(target, effectsFile);
process.stdin.on("end", () => process.exit(0)).resume();
console.log("ready");
const failure = await worker.stopped;
console.error("a worker of the torture stopped by itself:", failure);
process.exit(2);

/** As a service manager does: where the database is away, tries again. */
async function start(target: string, effectsFile: string): Promise<RunWorker> {
  for (;;) {
    try {
      const engine = await openTortureEngine(target);
      const world = { effects: new Effects(effectsFile), slots: engine.slots, clock: realClock, random: realRandom };
      return await engine.startWorker({ workflows: tortureWorkflows(world), concurrency: 12 });
    } catch (error) {
      if (!hasErrorCode(error, "runs.database.unreachable")) throw error;
    }
    await realClock.sleep(200);
  }
}
