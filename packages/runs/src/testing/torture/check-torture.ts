import type { RunEngine } from "../../run-engine.ts";
import { endedStatuses } from "../../run-record.ts";
import type { RunEvent, RunRecord } from "../../run-record.ts";
import type { Effect, Effects } from "./effects.ts";
import { stepsOfChain } from "./torture-workflows.ts";
import type { ChainOutput } from "./torture-workflows.ts";

export interface TortureReport {
  /** Empty where every invariant held. */
  readonly problems: readonly string[];
  readonly runs: number;
  readonly succeeded: number;
  readonly cancelled: number;
  readonly kills: number;
  readonly pauses: number;
  readonly crashes: number;
  /** Executions of steps, and how many different steps they were. */
  readonly executions: number;
  readonly steps: number;
  readonly recoveries: number;
  readonly events: number;
}

interface Evidence {
  readonly engine: RunEngine;
  readonly effects: Effects;
  /** Sequences of the events that a follower was given while it all went on. */
  readonly followed: readonly number[];
  readonly problems: readonly string[];
  readonly started: readonly string[];
  readonly cancelled: readonly string[];
  readonly kills: number;
  readonly pauses: number;
  readonly crashes: number;
  /** False where zombies may have acted after their lease. */
  readonly isExact: boolean;
}

/** Compares what is in the journal with what was done to the outside world. */
export async function checkTorture(evidence: Evidence): Promise<TortureReport> {
  const { engine, started, cancelled, kills, pauses, crashes } = evidence;
  const problems = [...evidence.problems];
  const runs = await listAll(engine);
  const byId = new Map(runs.map((run) => [run.runId, run]));
  const effects = evidence.effects.list();
  const effectsOf = Map.groupBy(effects, (effect) => effect.runId);
  for (const runId of started) {
    const run = byId.get(runId);
    if (run === undefined) problems.push(`${runId} is lost`);
    else problems.push(...checkRun(run, effectsOf.get(runId) ?? []));
  }
  for (const runId of cancelled) {
    if (byId.get(runId)?.status !== "cancelled") problems.push(`${runId} was cancelled, and is not`);
    problems.push(...checkUndone(byId.get(`${runId}~undo`), effectsOf.get(runId) ?? [], evidence.isExact));
  }
  const undone = runs.filter((run) => run.workflow === "torture-undo");
  if (undone.length !== cancelled.length) problems.push(`${undone.length} undone of ${cancelled.length} cancelled`);
  const events = await readAll(engine);
  problems.push(...checkEvents(events, evidence.followed, runs));
  return {
    problems,
    runs: runs.length,
    succeeded: runs.filter((run) => run.status === "succeeded").length,
    cancelled: cancelled.length,
    kills,
    pauses,
    crashes,
    executions: effects.length,
    steps: new Set(effects.map(({ key }) => key)).size,
    recoveries: runs.reduce((sum, run) => sum + run.recoveries, 0),
    events: events.length,
  };
}

function checkRun(run: RunRecord, effects: readonly Effect[]): string[] {
  const { runId } = run;
  if (!endedStatuses.includes(run.status)) return [`${runId} has not ended: ${run.status}`];
  const problems = checkOneResult(runId, effects);
  if (run.status === "cancelled") return problems;
  if (run.status === "failed") return [...problems, `${runId} failed: ${run.failure?.code} ${run.failure?.message}`];
  const { nonces, signal } = run.output as ChainOutput;
  const keys = new Set(effects.map(({ key }) => key));
  if (keys.size !== stepsOfChain) problems.push(`${runId} did ${keys.size} different steps`);
  if (new Set(nonces).size !== stepsOfChain) problems.push(`${runId} ended with ${nonces.length} results`);
  const known = new Set(effects.map(({ nonce }) => nonce));
  if (!nonces.every((nonce) => known.has(nonce))) problems.push(`${runId} ended with a result that no step gave`);
  if (signal !== runId) problems.push(`${runId} took a signal that was not its own`);
  const late = effects.filter(({ seen }) => seen.some((nonce, index) => nonce !== nonces[index]));
  if (late.length > 0) problems.push(`${runId}: ${late.length} executions saw another result than the run ended with`);
  return problems;
}

/** Every execution that came past a step was given the same result of it: a second one was never journaled. */
function checkOneResult(runId: string, effects: readonly Effect[]): string[] {
  const given = new Map<number, string>();
  const problems: string[] = [];
  for (const { seen } of effects) {
    if (seen[0] === "undo") continue;
    for (const [index, nonce] of seen.entries()) {
      if ((given.get(index) ?? nonce) !== nonce) problems.push(`${runId} had two results of step ${index}`);
      given.set(index, nonce);
    }
  }
  return problems;
}

function checkUndone(undo: RunRecord | undefined, effects: readonly Effect[], isExact: boolean): string[] {
  if (undo?.status !== "succeeded") return [`a cancelled run was not undone: ${undo?.runId} ${undo?.status}`];
  const first = effects.findIndex(({ seen }) => seen[0] === "undo");
  const later = effects.slice(first).filter(({ seen }) => seen[0] !== "undo");
  return isExact && later.length > 0 ? [`${undo.runId} began while steps of its run were at work`] : [];
}

function checkEvents(events: readonly RunEvent[], followed: readonly number[], runs: readonly RunRecord[]): string[] {
  const problems: string[] = [];
  const sequences = events.map(({ sequence }) => sequence);
  if (sequences.some((sequence, index) => index > 0 && sequence <= sequences[index - 1]!))
    problems.push("events out of order");
  if (followed.some((sequence, index) => sequence !== sequences[index])) problems.push("the follower missed an event");
  const ends = Map.groupBy(
    events.filter(({ kind }) => kind === "run-succeeded" || kind === "run-failed" || kind === "run-cancelled"),
    (event) => event.runId,
  );
  for (const { runId } of runs) {
    if (ends.get(runId)?.length !== 1) problems.push(`${runId} has ended ${ends.get(runId)?.length ?? 0} times`);
  }
  return problems;
}

async function listAll(engine: RunEngine): Promise<RunRecord[]> {
  const runs: RunRecord[] = [];
  for (let after: string | null = ""; after !== null;) {
    const page = await engine.list({ limit: 1000, ...(after === "" ? {} : { after }) });
    runs.push(...page.runs);
    after = page.next;
  }
  return runs;
}

async function readAll(engine: RunEngine): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for (let afterSequence = 0; ;) {
    const page = await engine.readEvents({ afterSequence, limit: 1000 });
    if (page.events.length === 0) return events;
    events.push(...page.events);
    afterSequence = page.lastSequence;
  }
}
