import type { Secret } from "@holdfast/kernel";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findPostgres, startPostgres } from "../testing/postgres-server.ts";
import type { PostgresServer } from "../testing/postgres-server.ts";
import { waitForStatus } from "../testing/run-engine-harness.ts";
import type { RunEngineHarness } from "../testing/run-engine-harness.ts";
import { realClock, realRandom } from "../testing/torture/real-time.ts";
import { defineWorkflow } from "../workflow.ts";
import type { StoppedRun } from "../workflow.ts";
import { openDbosRunEngine } from "./dbos-run-engine.ts";

let server: PostgresServer;
let count = 0;

interface Opened extends RunEngineHarness {
  readonly url: Secret;
  readonly client: pg.Client;
}

async function makeHarness(): Promise<Opened> {
  count += 1;
  const url = await server.createDatabase(`beside_${count}`);
  const open: RunEngineHarness["open"] = () =>
    openDbosRunEngine({ url, clock: realClock, random: realRandom, times: { leaseMs: 600, pollMs: 50 } });
  await (await open())[Symbol.asyncDispose]();
  const client = new pg.Client(url.reveal());
  await client.connect();
  return {
    url,
    client,
    clock: realClock,
    longMs: 1000,
    open,
    advance: (durationMs) => realClock.sleep(durationMs),
    [Symbol.asyncDispose]: () => client.end(),
  };
}

const compensation = { name: "undo", version: 1 };
const quick = defineWorkflow({
  name: "quick",
  version: 1,
  compensation,
  run: async (run, _input: null) => run.step("s", async () => "done"),
});
const undo = defineWorkflow({ ...compensation, run: async (_run, input: StoppedRun) => input.outcome });
const workers = { workflows: [quick, undo], concurrency: 4 };

describe.skipIf(findPostgres() === null)("beside DBOS", () => {
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("a run that every worker dies with fails, says so, and is undone", async () => {
    await using harness = await makeHarness();
    await using engine = await harness.open();
    await engine.start({ workflow: quick, input: null, runId: "r1" });
    await harness.client.query("update dbos.workflow_status set recovery_attempts = 200 where workflow_uuid = 'r1'");
    await using _worker = await engine.startWorker(workers);
    const run = await waitForStatus(harness, engine, "r1", "failed", "succeeded");
    expect(run.failure?.code).toBe("runs.run.abandoned");
    expect((await waitForStatus(harness, engine, "r1~undo", "succeeded")).output).toBe("failed");
  });

  test("runs in the hands of a worker that nobody knows are adopted", async () => {
    await using harness = await makeHarness();
    await using engine = await harness.open();
    await engine.start({ workflow: quick, input: null, runId: "r1" });
    await harness.client.query(
      "update dbos.workflow_status set status = 'PENDING', executor_id = 'gone', owner_xid = 'gone' where workflow_uuid = 'r1'",
    );
    expect((await engine.find("r1"))?.status).toBe("running");
    await using _worker = await engine.startWorker(workers);
    expect((await waitForStatus(harness, engine, "r1", "succeeded", "failed")).output).toBe("done");
    const { events } = await engine.readEvents({ afterSequence: 0 });
    expect(events.map(({ kind }) => kind)).toContain("run-recovered");
  });

  test("a cancelled run of a worker that is gone is undone when its lease has ended, and not before", async () => {
    await using harness = await makeHarness();
    await using engine = await harness.open();
    await engine.start({ workflow: quick, input: null, runId: "r1" });
    await harness.client.query(
      "update dbos.workflow_status set status = 'PENDING', executor_id = 'gone' where workflow_uuid = 'r1'",
    );
    await harness.client.query("update holdfast_runs.runs set executor = 'gone' where id = 'r1'");
    await harness.client.query("insert into holdfast_runs.executors values ('gone', now() + interval '1 second')");
    expect(await engine.cancel("r1", "stop")).toBe(true);
    expect((await engine.find("r1"))?.status).toBe("cancelling");
    expect(await engine.find("r1~undo")).toBeNull();
    await using _worker = await engine.startWorker(workers);
    expect((await waitForStatus(harness, engine, "r1~undo", "succeeded")).output).toBe("cancelled");
    const [alive] = (
      await harness.client.query("select alive_until < now() as over from holdfast_runs.executors where id = 'gone'")
    ).rows;
    expect(alive).toEqual({ over: true });
  });

  test("an event whose transaction ends late is read late, and never behind a reader", async () => {
    await using harness = await makeHarness();
    await using engine = await harness.open();
    await harness.client.query("begin");
    await harness.client.query("select holdfast_runs.tell('slow', 'w', 'run-queued', null)");
    await engine.start({ workflow: quick, input: null, runId: "fast" });
    const first = await engine.readEvents({ afterSequence: 0 });
    expect(first.events.map(({ runId }) => runId)).toEqual(["fast"]);
    await harness.client.query("commit");
    const second = await engine.readEvents({ afterSequence: first.lastSequence });
    expect(second.events.map(({ runId }) => runId)).toEqual(["slow"]);
    const all = await engine.readEvents({ afterSequence: 0 });
    expect(all.events.map(({ runId }) => runId)).toEqual(["fast", "slow"]);
  });

  test("a second worker in one process is refused, and a database of a newer version", async () => {
    await using harness = await makeHarness();
    await using engine = await harness.open();
    await using _worker = await engine.startWorker(workers);
    await expect(engine.startWorker(workers)).rejects.toMatchObject({ code: "runs.worker.second" });
    await harness.client.query("update holdfast_runs.version set number = 99");
    await expect(harness.open()).rejects.toMatchObject({ code: "runs.database.newer-version" });
  });
});
