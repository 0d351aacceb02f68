// Kills worker processes of runs at random, for as long as it is told.
//   npm run torture:runs -- [--seconds 300] [--workers 3] [--seed N] [--engine sqlite|postgresql] [--no-pauses] [--crash-server]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startPostgres } from "../postgres-server.ts";
import { tortureRuns } from "./torture-runs.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    workers: { type: "string", default: "3" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    engine: { type: "string", default: "sqlite" },
    "no-pauses": { type: "boolean", default: false },
    "crash-server": { type: "boolean", default: false },
  },
});
const folder = await mkdtemp(join(tmpdir(), "holdfast-torture-"));
await using stack = new AsyncDisposableStack();
try {
  const report = await tortureRuns({
    ...(await makeTarget()),
    effectsFile: join(folder, "effects.db"),
    seconds: Number(values.seconds),
    workers: Number(values.workers),
    seed: Number(values.seed),
    pauses: !values["no-pauses"],
  });
  console.log(JSON.stringify({ engine: values.engine, seed: Number(values.seed), ...report }, null, 2));
  process.exitCode = report.problems.length === 0 ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function makeTarget(): Promise<{ readonly target: string; readonly crashStore?: () => Promise<void> }> {
  if (values.engine !== "postgresql") return { target: `${values.engine}:${folder}` };
  const server = stack.use(await startPostgres());
  const target = (await server.createDatabase("runs")).reveal();
  return values["crash-server"] ? { target, crashStore: () => server.crash() } : { target };
}
