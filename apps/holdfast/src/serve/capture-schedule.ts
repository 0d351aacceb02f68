import { admit, compilePolicies, createOpenTimes, decideDue, orderByBreach, startByMs } from "@holdfast/domain";
import type {
  Due,
  Inventory,
  OpenTimes,
  Policy,
  PolicySet,
  ProtectedVm,
  ScheduledVm,
  SlotNeed,
} from "@holdfast/domain";
import type { Clock } from "@holdfast/kernel";
import type { RunEngine } from "@holdfast/runs";
import { captureWorkflowName, stampSlot } from "./capture-workflow.ts";
import type { CaptureInput } from "./capture-workflow.ts";
import type { RunHistory } from "./run-history.ts";

/** What a capture is expected to take where none was seen. */
const usualCaptureMs = 10 * 60_000;

/** What the schedule looks at. */
export interface ScheduleGround {
  readonly policies: PolicySet;
  readonly inventories: readonly Inventory[];
  /** Data of the newest point that can be used, by key of the VM: whoever made the point. */
  readonly newestDataAtMs: ReadonlyMap<string, number>;
  /** When the policies were applied. */
  readonly appliedAtMs: number;
}

export interface ScheduleParts {
  readonly engine: RunEngine;
  readonly history: RunHistory;
  readonly clock: Clock;
  readonly load: (signal: AbortSignal) => Promise<ScheduleGround>;
}

/** What one look at the schedule found and did. */
export interface Look {
  readonly atMs: number;
  readonly started: readonly { readonly vmKey: string; readonly runId: string; readonly why: string }[];
  /** What is due and waits, with the slot that it waits for. */
  readonly waiting: readonly { readonly vmKey: string; readonly forSlot: string; readonly startByMs: number }[];
  readonly runningCount: number;
  /** When something is due next; null where nothing will be. */
  readonly nextMs: number | null;
}

interface Candidate extends ScheduledVm, SlotNeed {
  readonly vm: ProtectedVm;
  readonly due: Due;
}

/**
 * Starts the captures that are due, in the order of docs/schedule.md and within the slots of each stamp. Several processes
 * may look at the same time: each turn of a VM names one run, which starts once.
 */
export function createCaptureSchedule({ engine, history, clock, load }: ScheduleParts) {
  const openTimes = new Map<Policy, OpenTimes>();
  return async (signal: AbortSignal): Promise<Look> => {
    const ground = await load(signal);
    await history.refresh(signal);
    const nowMs = clock.now();
    const { policies, inventories } = ground;
    const { protectedVms } = compilePolicies(policies, inventories, nowMs);
    const stampNames = [...new Set(inventories.map(({ stampName }) => stampName))];
    for (const name of stampNames) await engine.slots.setCapacity(stampSlot(name), policies.slotsPerStamp, { signal });
    const candidates = protectedVms
      .filter(({ way }) => way === "agentless")
      .map((vm): Candidate => {
        const scheduled = scheduledVm(vm, { ground, history, nowMs });
        const open = openTimes.get(vm.policy) ?? createOpenTimes(vm.policy.calendar);
        openTimes.set(vm.policy, open);
        return { ...scheduled, vm, due: decideDue(scheduled, open, nowMs), needs: [stampSlot(vm.placed.stampName)] };
      });
    const free = new Map(stampNames.map((name) => [stampSlot(name), policies.slotsPerStamp - history.runningOn(name)]));
    const { admitted, waiting } = admit(
      orderByBreach(
        candidates.filter(({ due }) => due.isDue),
        nowMs,
      ),
      free,
    );
    const started = [];
    for (const one of admitted) started.push(await start(one, { engine, history, nowMs, signal }));
    const nexts = candidates.flatMap(({ due }) => (due.isDue || due.nextMs === null ? [] : [due.nextMs]));
    return {
      atMs: nowMs,
      started,
      waiting: waiting.map(({ one, forSlot }) => ({ vmKey: one.key, forSlot, startByMs: startByMs(one) })),
      runningCount: stampNames.reduce((sum, name) => sum + history.runningOn(name), 0),
      nextMs: nexts.length === 0 ? null : Math.min(...nexts),
    };
  };
}

/** A VM as the schedule sees it: what its points and its runs say, whichever is newer. */
export function scheduledVm(
  vm: ProtectedVm,
  {
    ground,
    history,
    nowMs,
  }: {
    readonly ground: Pick<ScheduleGround, "newestDataAtMs" | "appliedAtMs">;
    readonly history: Pick<RunHistory, "of">;
    readonly nowMs: number;
  },
): ScheduledVm {
  const { key, policy, priority } = vm;
  const known = history.of(key);
  const points = [ground.newestDataAtMs.get(key), known?.newestDataAtMs].filter((one) => one != null);
  const newestDataAtMs = points.length === 0 ? null : Math.max(...points);
  // A point that somebody made by hand counts as a turn; one from the future tells of a wrong clock, and counts for none.
  const byHand = newestDataAtMs !== null && newestDataAtMs <= nowMs ? newestDataAtMs : null;
  const lastStartedAtMs = known === null ? byHand : Math.max(known.lastStartedAtMs, byHand ?? -Infinity);
  return {
    key,
    intervalMs: policy.intervalMs,
    rpoMs: vm.rpoMs ?? policy.intervalMs * 2,
    priority,
    expectedMs: usualCaptureMs,
    enrolledAtMs: ground.appliedAtMs,
    newestDataAtMs,
    lastStartedAtMs,
    failedInARow: known?.failedInARow ?? 0,
    isRunning: known?.isRunning ?? false,
  };
}

async function start(
  { key, vm, due, priority }: Candidate,
  {
    engine,
    history,
    nowMs,
    signal,
  }: Pick<ScheduleParts, "engine" | "history"> & { readonly nowMs: number; readonly signal: AbortSignal },
) {
  const { placed, policy } = vm;
  const turnMs = due.isDue ? due.turnMs : nowMs;
  const input: CaptureInput = {
    vmKey: key,
    stampName: placed.stampName,
    vmId: placed.vm.id,
    repository: policy.repository,
    policy: policy.name,
    allowRunningSnapshot: policy.runningSnapshots !== null,
    allowAvailabilitySet: placed.vm.availabilitySetId !== null,
  };
  const { runId } = await engine.start(
    {
      workflow: { name: captureWorkflowName, version: 1 },
      input,
      deduplicationId: `${captureWorkflowName} ${key} ${turnMs}`,
      partition: placed.stampName.toLowerCase(),
      priority,
    },
    { signal },
  );
  history.started(key, { runId, stampName: placed.stampName, atMs: nowMs });
  return { vmKey: key, runId, why: due.isDue ? due.why : "" };
}
