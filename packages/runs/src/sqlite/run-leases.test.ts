import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SeededRandom } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { maxRecoveries } from "../limits.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { defineWorkflow } from "../workflow.ts";
import { RunClaims } from "./run-claims.ts";
import { RunDatabase } from "./run-database.ts";
import { LeaseLostError, RunJournal } from "./run-journal.ts";
import { RunLedger } from "./run-ledger.ts";
import { openSqliteRunEngine } from "./sqlite-run-engine.ts";

const times = { leaseMs: 10_000, pollMs: 1000 };

async function makeFolder() {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-runs-"));
  return { file: join(folder, "runs.db"), [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

/** The parts of an engine over a database in memory, with one run of `work@1` in it. */
function makeParts() {
  const database = new RunDatabase({ file: ":memory:" });
  const ledger = new RunLedger(database);
  const claims = new RunClaims(database, ledger);
  const workflow = { name: "work", version: 1 };
  const run = { id: "r1", workflow, compensation: null, partition: null, priority: 1, parentId: null, input: "null" };
  database.transaction(() => ledger.insert({ ...run, dueMs: 0 }, 0));
  const claim = (workerId: string, nowMs: number) =>
    claims.claim({ workerId, kinds: new Map([["work@1", null]]), limit: 1, leaseMs: 100 }, nowMs)[0];
  return { database, ledger, claim };
}

test("a worker that was paused past its lease is refused, and what the next one did stands", async () => {
  await using folder = await makeFolder();
  const [pausedClock, clock] = [new SimulatedClock(), new SimulatedClock()];
  const random = new SeededRandom(3);
  const finish = Promise.withResolvers<string>();
  const isAborted: boolean[] = [];
  const workOf = (answer: () => Promise<string>) =>
    defineWorkflow({
      name: "work",
      version: 1,
      run: (run, _input: null) =>
        run.step("s", async ({ signal }) => {
          const said = await answer();
          isAborted.push(signal.aborted);
          return said;
        }),
    });
  await using paused = await openSqliteRunEngine({ file: folder.file, clock: pausedClock, random, times });
  await using engine = await openSqliteRunEngine({ file: folder.file, clock, random, times });
  await paused.start({ workflow: { name: "work", version: 1 }, input: null, runId: "r1" });
  await using _zombie = await paused.startWorker({ workflows: [workOf(() => finish.promise)], concurrency: 1 });
  await pausedClock.advance(0);
  await clock.advance(times.leaseMs + 1);
  await using _worker = await engine.startWorker({ workflows: [workOf(async () => "the next")], concurrency: 1 });
  await clock.advance(2 * times.pollMs);
  expect(await engine.find("r1")).toMatchObject({ status: "succeeded", output: "the next", recoveries: 1 });
  finish.resolve("the zombie");
  await pausedClock.advance(times.leaseMs);
  expect(await engine.find("r1")).toMatchObject({ status: "succeeded", output: "the next" });
  const { events } = await engine.readEvents({ afterSequence: 0 });
  expect(events.map(({ kind }) => kind)).toEqual([
    "run-queued",
    "run-started",
    "run-recovered",
    "step-succeeded",
    "run-succeeded",
  ]);
});

test("a worker that looks in time keeps its run for as long as the step takes", async () => {
  await using folder = await makeFolder();
  const clock = new SimulatedClock();
  const random = new SeededRandom(3);
  await using engine = await openSqliteRunEngine({ file: folder.file, clock, random, times });
  await using other = await openSqliteRunEngine({ file: folder.file, clock, random, times });
  let begun = 0;
  const work = defineWorkflow({
    name: "work",
    version: 1,
    run: (run, _input: null) =>
      run.step("long", async () => {
        begun += 1;
        await clock.sleep(20 * times.leaseMs);
      }),
  });
  await using _one = await engine.startWorker({ workflows: [work], concurrency: 1 });
  await using _two = await other.startWorker({ workflows: [work], concurrency: 1 });
  await engine.start({ workflow: work, input: null, runId: "r1" });
  await clock.advance(21 * times.leaseMs);
  expect(await other.find("r1")).toMatchObject({ status: "succeeded", recoveries: 0 });
  expect(begun).toBe(1);
});

test("a run that every worker dies with fails, and says so", () => {
  const { ledger, claim } = makeParts();
  let nowMs = 0;
  for (let death = 0; death <= maxRecoveries; death += 1, nowMs += 200) {
    expect(claim(`w${death}`, nowMs)).toMatchObject({ id: "r1", fence: death + 1, recoveries: death });
  }
  expect(claim("last", nowMs)).toBeUndefined();
  expect(ledger.find("r1")).toMatchObject({ status: "failed", recoveries: maxRecoveries });
  expect(ledger.find("r1")?.failure).toContain("runs.run.abandoned");
});

test("a signal that comes between the look and the sleep makes the run due at once", () => {
  const { database, ledger, claim } = makeParts();
  const journal = new RunJournal(database, ledger, claim("w1", 0)!);
  const place = { position: 1, name: "go" };
  expect(journal.takeSignal(place, 1000, 5)).toBe(1005);
  database.run("insert into signals (run_id, key, name, payload) values ('r1', 'k', 'go', '7')");
  journal.suspend([{ dueMs: 1005, signal: "go" }], 6);
  const next = new RunJournal(database, ledger, claim("w2", 7)!);
  expect(next.takeSignal(place, 1000, 7)).toEqual({ kind: "received", payload: 7 });
});

test("no write under an older fence changes anything", () => {
  const { database, ledger, claim } = makeParts();
  const old = new RunJournal(database, ledger, claim("w1", 0)!);
  claim("w2", 200);
  const place = { position: 1, name: "s" };
  const stepTimes = { startedAtMs: 0, nowMs: 300 };
  const failure = { code: "c", message: "m", advice: "a", isRetryable: false };
  const before = JSON.stringify([ledger.find("r1"), database.all("select * from events")]);
  const writes = [
    () => old.checkMayBegin(),
    () => old.succeedStep(place, 1, "1", stepTimes),
    () => old.failStep(place, 1, failure, stepTimes),
    () => old.retryStep(place, 1, failure, { ...stepTimes, dueMs: 400 }),
    () => old.putPatch(place, 300),
    () => old.sleep(place, 10, 300),
    () => old.takeSignal(place, 10, 300),
    () => old.suspend([{ dueMs: 400, signal: null }], 300),
    () => old.release(300),
    () => old.end({ status: "succeeded", output: "null" }, 300),
    () => old.progress({ done: 1, unit: "items" }, 300),
  ];
  for (const write of writes) expect(write).toThrow(LeaseLostError);
  expect(database.all("select * from steps")).toEqual([]);
  expect(JSON.stringify([ledger.find("r1"), database.all("select * from events")])).toBe(before);
});

test("a clock set back delays what is due by as much, and loses nothing", async () => {
  const clock = new SimulatedClock();
  await using engine = await openSqliteRunEngine({ file: ":memory:", clock, random: new SeededRandom(1), times });
  const work = defineWorkflow({
    name: "work",
    version: 1,
    async run(run, _input: null) {
      await run.sleep("hour", 3_600_000);
      return run.step("after", async () => "done");
    },
  });
  await using _worker = await engine.startWorker({ workflows: [work], concurrency: 1 });
  await engine.start({ workflow: work, input: null, runId: "r1" });
  await clock.advance(1_800_000);
  clock.jump(-7_200_000);
  await clock.advance(3_600_000);
  expect((await engine.find("r1"))?.status).toBe("waiting");
  await clock.advance(2 * 3_600_000);
  expect(await engine.find("r1")).toMatchObject({ status: "succeeded", output: "done" });
});

test("on a full disk a start fails whole, and a worker goes on when there is room again", async () => {
  await using folder = await makeFolder();
  const clock = new SimulatedClock();
  const random = new SeededRandom(1);
  await using full = await openSqliteRunEngine({ file: folder.file, clock, random, times, maxPageCount: 60 });
  const work = defineWorkflow({
    name: "work",
    version: 1,
    run: async (run, _input: string) => run.step("s", async () => "x".repeat(50_000)),
  });
  const started: string[] = [];
  const fill = async (): Promise<void> => {
    for (;;) started.push((await full.start({ workflow: work, input: "x".repeat(20_000) })).runId);
  };
  await expect(fill()).rejects.toMatchObject({ code: "runs.disk.full" });
  expect((await full.list({ limit: 1000 })).runs).toHaveLength(started.length);
  await using worker = await full.startWorker({ workflows: [work], concurrency: 1 });
  await clock.advance(30_000);
  expect((await full.list({ statuses: ["succeeded"] })).runs.length).toBeLessThan(started.length);
  await worker[Symbol.asyncDispose]();
  expect(await worker.stopped).toBeNull();
  await using roomy = await openSqliteRunEngine({ file: folder.file, clock, random, times });
  await using _next = await roomy.startWorker({ workflows: [work], concurrency: 1 });
  await clock.advance(60_000);
  expect((await roomy.list({ statuses: ["succeeded"], limit: 1000 })).runs).toHaveLength(started.length);
});

test("the file is its owner's alone; a newer or damaged one is refused unchanged", async () => {
  await using folder = await makeFolder();
  const options = { file: folder.file, clock: new SimulatedClock(), random: new SeededRandom(1) };
  await (await openSqliteRunEngine(options))[Symbol.asyncDispose]();
  expect((await stat(folder.file)).mode & 0o777).toBe(0o600);
  const database = new DatabaseSync(folder.file);
  database.exec("pragma user_version=99");
  database.close();
  await expect(openSqliteRunEngine(options)).rejects.toMatchObject({ code: "runs.file.newer-version" });
  await writeFile(folder.file, "this is no database, and long enough to be taken for a damaged one".repeat(100));
  await expect(openSqliteRunEngine(options)).rejects.toMatchObject({ code: "runs.file.unreadable" });
  await expect(openSqliteRunEngine({ ...options, file: join(folder.file, "x") })).rejects.toMatchObject({
    code: "runs.file.refused",
  });
});
