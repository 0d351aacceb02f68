import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { hasErrorCode } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";
import { SeededRandom } from "@holdfast/kernel/testing";
import type { RunEngine } from "../../run-engine.ts";
import type { RunStatus } from "../../run-record.ts";
import { followEvents } from "../../follow-events.ts";
import { checkTorture } from "./check-torture.ts";
import type { TortureReport } from "./check-torture.ts";
import { Effects } from "./effects.ts";
import { realClock } from "./real-time.ts";
import { openTortureEngine } from "./torture-adapter.ts";
import { chainRef, partitionLimit, tortureSlot } from "./torture-workflows.ts";

export interface TortureOptions {
  readonly target: string;
  readonly effectsFile: string;
  readonly seconds: number;
  readonly workers: number;
  readonly seed: number;
  /** Stops processes for longer than their lease too, so that they go on as zombies. */
  readonly pauses: boolean;
  /** Crashes what the runs are kept in, and brings it back. */
  readonly crashStore?: () => Promise<void>;
}

const program = fileURLToPath(new URL("torture-worker.ts", import.meta.url));
// DBOS queries in a way that the next `pg` will refuse; that is why this one is pinned.
const quiet = ["--disable-warning=DeprecationWarning"];
const partitions = ["east", "west", "north"];
/** Between two starts: about as many runs as the partitions' limits let through. */
const startEveryMs = 45;
/** A run that is not done by then is lost. */
const drainMs = 120_000;

/**
 * Starts runs, signals and cancels them while worker processes are killed at random; then lets the rest end, and answers
 * what it found. The choices follow from the seed; their effect depends on the machine's timing too.
 */
export async function tortureRuns(options: TortureOptions): Promise<TortureReport> {
  await using opened = await openTortureEngine(options.target);
  const engine = persistent(opened);
  using effects = new Effects(options.effectsFile);
  await engine.slots.setCapacity(tortureSlot, 2);
  const random = new SeededRandom(options.seed);
  const stop = new AbortController();
  const followed: number[] = [];
  const following = follow(engine, followed, stop.signal);
  const killing = harm(options, random, stop.signal);
  const problems: string[] = [];
  const driven = await drive(engine, options, { random: new SeededRandom(options.seed + 1), problems });
  stop.abort();
  const [harmed, ended] = await Promise.all([killing, following]);
  if (ended !== null) problems.push(`the follower of events failed: ${ended.message}`);
  await using _last = await startWorkers(options, 2);
  await drain(engine);
  const isExact = !options.pauses;
  return await checkTorture({ engine, effects, followed, problems, ...harmed, ...driven, isExact });
}

export interface Driven {
  readonly started: readonly string[];
  readonly cancelled: readonly string[];
}

async function drive(
  engine: RunEngine,
  { seconds, workers }: TortureOptions,
  { random, problems }: { readonly random: Random; readonly problems: string[] },
): Promise<Driven> {
  const started: string[] = [];
  const cancelled: string[] = [];
  const untilMs = realClock.monotonicMs() + seconds * 1000;
  for (let index = 0; realClock.monotonicMs() < untilMs; index += 1) {
    const runId = `run-${index}`;
    const partition = partitions[index % partitions.length]!;
    const request = {
      workflow: chainRef,
      input: { index },
      runId,
      partition,
      priority: Math.floor(random.fraction() * 5),
    };
    await engine.start(request);
    // As a client does that has not heard the answer.
    if (random.fraction() < 0.3 && (await engine.start(request)).isNew) problems.push(`${runId} was new twice`);
    started.push(runId);
    const earlier = started[Math.max(0, started.length - 1 - Math.floor(random.fraction() * 20))]!;
    if (random.fraction() < 0.08 && (await engine.cancel(earlier, "the torture says so"))) cancelled.push(earlier);
    // Sent early, late, and twice: a run takes it once.
    await signal(engine, started[Math.max(0, started.length - 12)]!);
    if (index % 10 === 0) await checkLimits(engine, workers, problems);
    await realClock.sleep(startEveryMs * 2 * random.fraction());
  }
  for (const runId of started) await signal(engine, runId);
  return { started, cancelled: [...new Set(cancelled)] };
}

async function signal(engine: RunEngine, runId: string): Promise<void> {
  await engine.signal(runId, { name: "go", key: "go", payload: runId });
}

async function checkLimits(engine: RunEngine, workers: number, problems: string[]): Promise<void> {
  const statuses: readonly RunStatus[] = engine.traits.cancellingHoldsPlace ? ["running", "cancelling"] : ["running"];
  for (const partition of partitions) {
    const held = await engine.list({ statuses, workflow: chainRef.name, partition });
    // Where the limit is not exact, each worker may bring one run more.
    const most = partitionLimit + (engine.traits.hasExactLimits ? 0 : workers);
    if (held.runs.length > most) problems.push(`${held.runs.length} runs at once in ${partition}`);
  }
  for (const use of await engine.slots.list()) {
    if (use.held > use.capacity) problems.push(`${use.held} of ${use.capacity} slots held`);
  }
}

async function follow(engine: RunEngine, followed: number[], signal: AbortSignal): Promise<Error | null> {
  try {
    const pages = followEvents({ engine, clock: realClock }, { afterSequence: 0, signal, pollMs: 30 });
    for await (const page of pages) followed.push(...page.events.map(({ sequence }) => sequence));
    return null;
  } catch (error) {
    return signal.aborted ? null : (error as Error);
  }
}

async function startWorkers(options: TortureOptions, count: number): Promise<AsyncDisposable> {
  const children = Array.from({ length: count }, () => startWorker(options));
  return {
    async [Symbol.asyncDispose]() {
      for (const child of children) await kill(child);
    },
  };
}

function startWorker({ target, effectsFile }: TortureOptions): ChildProcess {
  return spawn(process.execPath, [...quiet, program, target, effectsFile], { stdio: ["pipe", "ignore", "inherit"] });
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "exit");
  child.kill("SIGKILL");
  await closed;
}

/** Kills and pauses workers at random until it is told to stop; then kills all. */
async function harm(
  options: TortureOptions,
  random: Random,
  signal: AbortSignal,
): Promise<{ readonly kills: number; readonly pauses: number; readonly crashes: number }> {
  const children = Array.from({ length: options.workers }, () => startWorker(options));
  let kills = 0;
  let pauses = 0;
  let crashes = 0;
  try {
    for (;;) {
      await realClock.sleep(150 + random.fraction() * 600, { signal });
      const index = Math.floor(random.fraction() * children.length);
      const victim = children[index]!;
      if (options.crashStore !== undefined && random.fraction() < 0.15) {
        crashes += 1;
        await options.crashStore();
      } else if (options.pauses && random.fraction() < 0.2) {
        pauses += 1;
        victim.kill("SIGSTOP");
        await realClock.sleep(1300 + random.fraction() * 700, { signal });
        victim.kill("SIGCONT");
      } else {
        kills += 1;
        await kill(victim);
        children[index] = startWorker(options);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return { kills, pauses, crashes };
  } finally {
    for (const child of children) await kill(child);
  }
}

async function drain(engine: RunEngine): Promise<void> {
  const untilMs = realClock.monotonicMs() + drainMs;
  while (realClock.monotonicMs() < untilMs) {
    const open = await engine.list({ statuses: ["queued", "running", "waiting", "cancelling"], limit: 1 });
    if (open.runs.length === 0) return;
    await realClock.sleep(200);
  }
}

/** An engine whose calls are made again where the answer was that the database is away: each may have had its effect. */
function persistent(engine: RunEngine): RunEngine {
  return new Proxy(engine, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return async (...given: readonly unknown[]) => {
        for (;;) {
          try {
            return await (Reflect.apply(member, target, given) as Promise<unknown>);
          } catch (error) {
            if (!hasErrorCode(error, "runs.database.unreachable")) throw error;
            await realClock.sleep(100);
          }
        }
      };
    },
  });
}
