import { isQuiet, judgeTornRisk } from "@holdfast/domain";
import type { PointDisk, RecoveryPoint } from "@holdfast/domain";
import { mapBounded } from "@holdfast/kernel";
import { createPhaseTimer } from "../workflow/phase-timer.ts";
import type { PhaseTimer } from "../workflow/phase-timer.ts";
import { reportRemoval } from "../workflow/report-removal.ts";
import { createRunLedger } from "../workflow/run-ledger.ts";
import { callOptions } from "../workflow/workflow.ts";
import type { EngineDeps, WorkflowOptions } from "../workflow/workflow.ts";
import type { BackupInput, CaptureRun } from "./capture-run.ts";
import { captureSnapshot } from "./capture-disk.ts";
import { refuseCapture } from "./capture-refusal.ts";
import { snapshotDisk } from "./snapshot-disk.ts";
import type { DiskSnapshot } from "./snapshot-disk.ts";

/** Snapshots go out together; reading is bounded, because each disk holds two SAS and reads in parallel inside. */
const snapshotsAtOnce = 16;
const disksAtOnce = 2;

/**
 * Captures all disks of a VM into one recovery point.
 *
 * Whatever fails, the disks' old bases stay usable and what this run made is removed; what cannot be removed stays in
 * the ledger for the janitor. Raises `engine.capture.*` where the VM may not be captured, `catalog.run.busy` where
 * another run works on it. The write order stands in docs/capture.md.
 */
export async function backupVm(
  deps: EngineDeps,
  input: BackupInput,
  options: WorkflowOptions = {},
): Promise<RecoveryPoint> {
  const startedAtMs = deps.clock.now();
  const timer = createPhaseTimer(deps.clock);
  const vm = await timer.time("read-vm", () => deps.stamp.readVm(input.vmId, callOptions(options)));
  refuseCapture(vm, input);
  const runId = deps.random.uuid();
  const subject = `${deps.stamp.name}/${vm.id.toLowerCase()}`;
  await using _alive = await deps.records.beginRun({ runId, kind: "backup", subject });
  const run: CaptureRun = { deps, ledger: createRunLedger(deps, runId), vm, input, options };
  let point: RecoveryPoint;
  try {
    point = await capture(run, timer, startedAtMs);
    await keepBases(run, point);
  } catch (error) {
    await cleanUp(run);
    throw error;
  }
  await timer.time("clean", () => cleanUp(run));
  return point;
}

async function capture(run: CaptureRun, timer: PhaseTimer, startedAtMs: number): Promise<RecoveryPoint> {
  const { deps, vm, options } = run;
  const snapshots = await timer.time("snapshot", async () => {
    options.onProgress?.({ phase: "snapshot", subject: vm.name });
    return await mapBounded(
      vm.disks,
      async (disk, { signal }) => await snapshotDisk({ ...run, options: { ...options, signal } }, disk),
      { limit: snapshotsAtOnce, ...callOptions(options) },
    );
  });
  const powerAfter = await deps.stamp.readPowerState(vm.id, callOptions(options));
  const disks = await timer.time("capture", () => captureAll(run, snapshots));
  const instants = disks.map((disk) => disk.dataAtMs);
  const skewMs = instants.length === 0 ? 0 : Math.max(...instants) - Math.min(...instants);
  const powerStates = [vm.powerState, powerAfter];
  const point: RecoveryPoint = {
    id: deps.random.uuid(),
    stampName: deps.stamp.name,
    instance: vm,
    startedAtMs,
    publishedAtMs: deps.clock.now(),
    consistency: "crash",
    wasRunning: !powerStates.every(isQuiet),
    disks,
    skewMs,
    tornRisk: judgeTornRisk({ diskCount: disks.length, skewMs, powerStates }),
    phases: [...timer.times],
  };
  options.onProgress?.({ phase: "publish", subject: vm.name });
  await deps.points.publishPoint(point, callOptions(options));
  return point;
}

async function captureAll(run: CaptureRun, snapshots: readonly DiskSnapshot[]): Promise<PointDisk[]> {
  const { options } = run;
  const progress = snapshots.map(() => ({ readBytes: 0, totalBytes: 0, storedBytes: 0 }));
  const sum = (pick: (one: (typeof progress)[number]) => number): number =>
    progress.reduce((total, one) => total + pick(one), 0);
  return await mapBounded(
    snapshots,
    async (snapshot, { index, signal }) =>
      await captureSnapshot({ ...run, options: { ...options, signal } }, snapshot, (now) => {
        progress[index] = now;
        options.onProgress?.({
          phase: "capture",
          subject: run.vm.name,
          doneBytes: sum((one) => one.readBytes),
          totalBytes: sum((one) => one.totalBytes),
          storedBytes: sum((one) => one.storedBytes),
        });
      }),
    { limit: disksAtOnce, ...callOptions(options) },
  );
}

/** The point is published: from here on its snapshots are what the next capture compares with. */
async function keepBases(run: CaptureRun, point: RecoveryPoint): Promise<void> {
  const { deps, vm, ledger } = run;
  for (const disk of point.disks) {
    if (disk.method === "full-snapshot") continue;
    const backing = vm.disks.find((known) => known.role === disk.role && known.lun === disk.lun)?.backing;
    if (backing === undefined) continue;
    await deps.records.replaceBase(
      {
        stampName: deps.stamp.name,
        repositoryId: deps.points.id,
        diskId: (backing.kind === "managed" ? backing.diskId : backing.vhdUri).toLowerCase(),
        sourceIdentity: disk.sourceIdentity,
        sizeBytes: disk.image.sizeBytes,
        snapshotRef: disk.snapshotRef,
        pointId: point.id,
      },
      { runId: ledger.runId },
    );
  }
}

/** Removes what this run entered and did not keep: its failures, full snapshots, and the bases that were replaced. */
async function cleanUp(run: CaptureRun): Promise<void> {
  reportRemoval(await run.ledger.releaseAll(), run.options);
}
