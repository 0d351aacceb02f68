import { afterAll, beforeAll, describe } from "vitest";
import { describeRunEngine } from "../testing/describe-run-engine.ts";
import { findPostgres, startPostgres } from "../testing/postgres-server.ts";
import type { PostgresServer } from "../testing/postgres-server.ts";
import type { RunEngineHarness } from "../testing/run-engine-harness.ts";
import { realClock, realRandom } from "../testing/torture/real-time.ts";
import { openDbosRunEngine } from "./dbos-run-engine.ts";

let server: PostgresServer;
let count = 0;

const log = (level: string, message: string): void => {
  if (process.env["HOLDFAST_TEST_LOG"] !== undefined) console.log(level, message);
};
const rest = { clock: realClock, random: realRandom, times: { leaseMs: 3000, pollMs: 50 }, log };

async function makeHarness(): Promise<RunEngineHarness> {
  count += 1;
  const url = await server.createDatabase(`runs_${count}`, "migrated");
  return {
    clock: realClock,
    longMs: 1500,
    open: () => openDbosRunEngine({ url, ...rest }),
    advance: (durationMs) => realClock.sleep(durationMs),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

describe.skipIf(findPostgres() === null)("on a real PostgreSQL", () => {
  beforeAll(async () => {
    server = await startPostgres();
    const url = await server.createDatabase("migrated");
    await (await openDbosRunEngine({ url, ...rest }))[Symbol.asyncDispose]();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  describeRunEngine("the DBOS engine", makeHarness);
});
