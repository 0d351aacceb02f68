import { join } from "node:path";
import { catalogFolder } from "@holdfast/catalog";
import type { Catalog } from "@holdfast/catalog";
import { discover } from "@holdfast/engine";
import { formatInstant, HoldfastError } from "@holdfast/kernel";
import { openSqliteRunEngine } from "@holdfast/runs";
import type { CommandContext, CommandHandler } from "../cli/context.ts";
import { loadPolicySet } from "../selection/applications-from-policies.ts";
import { createCaptureSchedule } from "../serve/capture-schedule.ts";
import type { Look, ScheduleGround } from "../serve/capture-schedule.ts";
import { openCaptureSessions } from "../serve/capture-sessions.ts";
import type { CaptureSessions } from "../serve/capture-sessions.ts";
import { createCaptureWorkflow } from "../serve/capture-workflow.ts";
import { createRunHistory } from "../serve/run-history.ts";
import type { RepositoryOptions } from "./repository-session.ts";
import { loadInventories } from "./vms.ts";

export interface ServeInput extends Omit<RepositoryOptions, "repo"> {
  /** Ends once nothing runs and nothing is due. */
  readonly drain?: boolean;
  readonly lookEveryMs: number;
  readonly discoverEveryMs: number;
}

/** Runs that this process executes at once, over all stamps: slots bound each stamp. */
const concurrency = 64;
/** How often the schedule looks while something waits for a slot: a free one is not left idle. */
const busyLookMs = 2000;

/** Captures what the applied policies ask for, until it is told to stop. Raises `serve.policies.missing`. */
export const runServe: CommandHandler<ServeInput> = async (input, context) => {
  const { services, output, signal } = context;
  const { clock, random } = services;
  await using catalog = await services.openCatalog();
  if ((await catalog.loadPolicies()) === null)
    throw new HoldfastError({
      code: "serve.policies.missing",
      message: "no policies were applied: there is nothing to do",
      advice: "Write a policy file, look at it by `holdfast plan`, and make it hold by `holdfast apply`.",
    });
  const file = join(catalogFolder(services.environment), "runs.db");
  await using engine = await openSqliteRunEngine({ file, clock, random });
  await using sessions = openCaptureSessions(catalog, input, context);
  const workflow = createCaptureWorkflow({ port: sessions, slots: engine.slots, clock, random });
  await using worker = await engine.startWorker({ workflows: [workflow], concurrency });
  const look = createCaptureSchedule({
    engine,
    clock,
    history: createRunHistory(engine),
    load: createGroundLoader(catalog, sessions, input, context),
  });
  for (;;) {
    const found = await look(signal);
    tell(found, context);
    const isIdle = found.runningCount === 0 && found.waiting.length === 0;
    if (input.drain === true && isIdle) {
      output.result(found, () => "Nothing is due and nothing runs.");
      return;
    }
    const isBusy = input.drain === true || found.waiting.length > 0;
    const pauseMs = isBusy ? Math.min(busyLookMs, input.lookEveryMs) : input.lookEveryMs;
    const stopped = await Promise.race([clock.sleep(pauseMs, { signal }), worker.stopped]);
    if (stopped instanceof Error) throw stopped;
  }
};

/** Loads what the schedule looks at; asks stamps for their VMs, and repositories for their points, now and then. */
function createGroundLoader(
  catalog: Catalog,
  sessions: CaptureSessions,
  { discoverEveryMs }: ServeInput,
  { services, output }: CommandContext,
) {
  let askedAtMs = -Infinity;
  let newest: ReadonlyMap<string, number> = new Map();
  return async (signal: AbortSignal): Promise<ScheduleGround> => {
    const policies = (await loadPolicySet(catalog))!;
    if (services.clock.monotonicMs() - askedAtMs >= discoverEveryMs) {
      for (const { name } of await catalog.listStamps()) {
        try {
          await discover((await sessions.stamp(name)).deps, { signal });
        } catch (error) {
          signal.throwIfAborted();
          // The last inventory stands: a stamp that does not answer is no reason to leave the others alone.
          output.note(
            `${name}: its VMs could not be listed: ${error instanceof Error ? error.message : String(error)}`,
          );
        }
      }
      newest = await sessions.newestData([...new Set(policies.policies.map(({ repository }) => repository))], signal);
      askedAtMs = services.clock.monotonicMs();
    }
    const applied = (await catalog.loadPolicies())!;
    return { policies, inventories: await loadInventories(catalog), newestDataAtMs: newest, appliedAtMs: applied.atMs };
  };
}

function tell({ atMs, started, waiting, runningCount, nextMs }: Look, { output }: CommandContext): void {
  const at = formatInstant(atMs);
  for (const { vmKey, why } of started) output.note(`${at}  begins ${vmKey} (${why})`);
  if (started.length === 0 && waiting.length === 0) return;
  const next = nextMs === null ? "nothing else will be due" : `the next is due ${formatInstant(nextMs)}`;
  output.note(`${at}  ${runningCount} under way, ${waiting.length} wait for a slot; ${next}`);
}
