import type { RunEngine, RunRecord } from "@holdfast/runs";
import { endedStatuses } from "@holdfast/runs";
import { captureWorkflowName } from "./capture-workflow.ts";
import type { CaptureInput, CaptureOutcome } from "./capture-workflow.ts";

/** What is known of a VM's captures by schedule. */
export interface VmHistory {
  readonly lastStartedAtMs: number;
  readonly failedInARow: number;
  readonly isRunning: boolean;
  /** Data of the newest point that a run of the schedule made. */
  readonly newestDataAtMs: number | null;
  readonly lastFailure: { readonly code: string; readonly message: string } | null;
}

export interface RunHistory {
  /** Learns what became of runs since the last call. */
  refresh(signal: AbortSignal): Promise<void>;
  of(vmKey: string): VmHistory | null;
  /** Runs that have not ended, by stamp in lower case. */
  runningOn(stampName: string): number;
  started(vmKey: string, run: { readonly runId: string; readonly stampName: string; readonly atMs: number }): void;
}

interface Entry extends VmHistory {
  readonly runId: string;
  readonly stampName: string;
}

const pageSize = 1000;

/** Follows the runs of captures: reads the history once, then only what is still under way. */
export function createRunHistory(engine: RunEngine): RunHistory {
  const entries = new Map<string, Entry>();
  let isRead = false;
  const readAll = async (signal: AbortSignal): Promise<void> => {
    const all: RunRecord[] = [];
    for (let after: string | undefined; ;) {
      const filter = { workflow: captureWorkflowName, limit: pageSize, ...(after === undefined ? {} : { after }) };
      const page = await engine.list(filter, { signal });
      all.push(...page.runs);
      if (page.next === null) break;
      after = page.next;
    }
    for (const run of all.toReversed()) take(run);
  };
  const take = (run: RunRecord): void => {
    const { vmKey, stampName } = run.input as CaptureInput;
    const before = entries.get(vmKey);
    const newest = before?.newestDataAtMs ?? null;
    const point = run.status === "succeeded" ? (run.output as CaptureOutcome) : null;
    const hasFailed = run.status === "failed" || run.status === "cancelled";
    entries.set(vmKey, {
      runId: run.runId,
      stampName: stampName.toLowerCase(),
      lastStartedAtMs: run.createdAtMs,
      failedInARow: point !== null ? 0 : (before?.failedInARow ?? 0) + (hasFailed ? 1 : 0),
      isRunning: !endedStatuses.includes(run.status),
      newestDataAtMs: point === null ? newest : Math.max(newest ?? -Infinity, point.dataAtMs),
      lastFailure: point !== null ? null : hasFailed ? run.failure : (before?.lastFailure ?? null),
    });
  };
  return {
    async refresh(signal) {
      if (!isRead) await readAll(signal);
      isRead = true;
      for (const { runId, isRunning } of [...entries.values()]) {
        const run = isRunning ? await engine.find(runId, { signal }) : null;
        // Each is taken once more when it has ended: that counts its failure once.
        if (run !== null && endedStatuses.includes(run.status)) take(run);
      }
    },
    of: (vmKey) => entries.get(vmKey) ?? null,
    runningOn: (stampName) =>
      [...entries.values()].filter((one) => one.isRunning && one.stampName === stampName.toLowerCase()).length,
    started(vmKey, { runId, stampName, atMs }) {
      const before = entries.get(vmKey);
      entries.set(vmKey, {
        runId,
        stampName: stampName.toLowerCase(),
        lastStartedAtMs: atMs,
        failedInARow: before?.failedInARow ?? 0,
        isRunning: true,
        newestDataAtMs: before?.newestDataAtMs ?? null,
        lastFailure: before?.lastFailure ?? null,
      });
    },
  };
}
