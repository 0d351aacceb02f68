import type { PhaseTime, RestorePlan, VmConfiguration } from "@holdfast/domain";
import { mapBounded } from "@holdfast/kernel";
import type { ManagedDisk } from "../ports/stamp.ts";
import { createPhaseTimer } from "../workflow/phase-timer.ts";
import { createRunLedger } from "../workflow/run-ledger.ts";
import type { RunLedger } from "../workflow/run-ledger.ts";
import { reportRemoval } from "../workflow/report-removal.ts";
import { callOptions, tagsOf } from "../workflow/workflow.ts";
import type { EngineDeps, WorkflowOptions } from "../workflow/workflow.ts";
import { ensureTarget, importPlannedDisk } from "./import-disk.ts";
import { planRestoreVm, refuseBlockedPlan } from "./plan-restore-vm.ts";
import type { RestoreVmInput } from "./plan-restore-vm.ts";

export interface RestoredVm {
  readonly vm: VmConfiguration;
  readonly plan: RestorePlan;
  readonly phases: readonly PhaseTime[];
}

interface RestoreRun {
  readonly deps: EngineDeps;
  readonly ledger: RunLedger;
  readonly options: WorkflowOptions;
  readonly plan: RestorePlan;
}

const disksAtOnce = 2;

/**
 * Restores a VM under the names of its plan. The plan is made again and checked before the first write. Where anything
 * fails, all that was made is removed; marking the VM kept is the commit. Raises `engine.restore.refused`.
 */
export async function restoreVm(
  deps: EngineDeps,
  input: RestoreVmInput,
  options: WorkflowOptions = {},
): Promise<RestoredVm> {
  const timer = createPhaseTimer(deps.clock);
  const plan = await timer.time("plan", () => planRestoreVm(deps, input, options));
  refuseBlockedPlan(plan);
  const subject = `${deps.stamp.name}/${plan.vmId.toLowerCase()}`;
  await using _alive = await deps.records.beginRun({ runId: plan.runId, kind: "restore", subject });
  const run: RestoreRun = { deps, ledger: createRunLedger(deps, plan.runId), options, plan };
  try {
    const disks = await timer.time("disks", () => importDisks(run));
    const created = await timer.time("vm", () => createPlannedVm(run, disks));
    const vm = await timer.time(plan.startsVm ? "start" : "stop", () => settlePower(run, created));
    await run.ledger.keep("vm", plan.vmId);
    return { vm, plan, phases: timer.times };
  } finally {
    // After the commit this only marks the VM's disks and NICs kept; before it, it removes all.
    reportRemoval(await run.ledger.releaseAll(), options);
  }
}

async function importDisks(run: RestoreRun): Promise<ManagedDisk[]> {
  const { plan, options } = run;
  const target = await ensureTarget(run, { resourceGroup: plan.resourceGroup, ...plan.staging });
  const copied = plan.disks.map(() => ({ done: 0, total: 0 }));
  return await mapBounded(
    plan.disks,
    async (disk, { index, signal }) =>
      await importPlannedDisk({ ...run, options: { ...options, signal } }, disk, target, (done, total) => {
        copied[index] = { done, total };
        options.onProgress?.({
          phase: "copy",
          subject: plan.vmName,
          doneBytes: copied.reduce((sum, one) => sum + one.done, 0),
          totalBytes: copied.reduce((sum, one) => sum + one.total, 0),
        });
      }),
    { limit: disksAtOnce, ...callOptions(options) },
  );
}

/** The platform starts every VM that it makes: one that is not to run is stopped again before the restore is told done. */
async function settlePower({ deps, options, plan }: RestoreRun, vm: VmConfiguration): Promise<VmConfiguration> {
  const call = callOptions(options);
  if (plan.startsVm) await deps.stamp.startVm(vm.id, call);
  else await deps.stamp.deallocateVm(vm.id, call);
  return { ...vm, powerState: await deps.stamp.readPowerState(vm.id, call) };
}

async function createPlannedVm(run: RestoreRun, disks: readonly ManagedDisk[]): Promise<VmConfiguration> {
  const { deps, ledger, options, plan } = run;
  const { stamp } = deps;
  const call = callOptions(options);
  const { resourceGroup } = plan;
  const tags = tagsOf(deps, ledger.runId);
  options.onProgress?.({ phase: "vm", subject: plan.vmName });
  const nicIds: string[] = [];
  for (const { nicId, ...nic } of plan.nics) {
    const made = await ledger.make("nic", nicId, () => stamp.createNic({ ...nic, resourceGroup, tags }, call));
    nicIds.push(made.id);
  }
  const attached = plan.disks.map((disk, index) => ({
    role: disk.source.role,
    lun: disk.source.lun ?? 0,
    caching: disk.caching,
    diskId: disks[index]?.id ?? disk.diskId,
  }));
  const os = attached.find((disk) => disk.role === "os") ?? attached[0];
  return await ledger.make("vm", plan.vmId, () =>
    stamp.createVm(
      {
        name: plan.vmName,
        resourceGroup,
        sizeName: plan.sizeName,
        osType: plan.osType,
        osDisk: { diskId: os?.diskId ?? "", caching: os?.caching ?? "None" },
        dataDisks: attached
          .filter((d) => d.role === "data")
          .map(({ diskId, lun, caching }) => ({ diskId, lun, caching })),
        nicIds,
        availabilitySetId: plan.availabilitySetId,
        licenseType: plan.licenseType,
        plan: plan.plan,
        bootDiagnosticsUri: plan.bootDiagnosticsUri,
        tags: { ...plan.tags, ...tags },
      },
      { ...call, onPoll: (waitedMs) => options.onProgress?.({ phase: "vm", subject: plan.vmName, waitedMs }) },
    ),
  );
}
