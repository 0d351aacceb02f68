import type { RestoreWish } from "@holdfast/domain";
import { planRestoreVm, restoreVm } from "@holdfast/engine";
import { formatDuration } from "@holdfast/kernel";
import { confirm } from "../cli/confirm.ts";
import type { CommandHandler } from "../cli/context.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { formatRestorePlan } from "../cli/restore-plan-text.ts";
import { formatFields } from "../cli/table.ts";
import { showWorkflow } from "../cli/workflow-progress.ts";
import { selectPoint } from "../selection/select-point.ts";
import { openKnownRepository } from "./repository-session.ts";
import type { RepositoryOptions } from "./repository-session.ts";
import { chooseStamp, openStamp } from "./stamp-session.ts";

export interface RestoreVmCommandInput extends RepositoryOptions {
  readonly point: string;
  readonly to?: string;
  readonly name: string;
  readonly resourceGroup: string;
  readonly subnet?: string;
  readonly size?: string;
  readonly keepAddresses?: boolean;
  readonly start?: boolean;
  readonly yes?: boolean;
  readonly planOnly?: boolean;
}

/** Shows the plan, asks, and restores under the names of that plan. Nothing is written before the yes. */
export const runRestoreVm: CommandHandler<RestoreVmCommandInput> = async (input, context) => {
  const { output, signal } = context;
  await using catalog = await context.services.openCatalog();
  const record = await chooseStamp(catalog, input.to);
  await using store = await openKnownRepository(catalog, input, context);
  const point = selectPoint(input.point, await store.listPoints({ signal }));
  await using session = await openStamp(catalog, record, context);
  const deps = { ...session.deps, points: store };
  const wanted = { pointId: point.id, wish: toWish(input) };
  const plan = await planRestoreVm(deps, wanted, { signal });
  const isBlocked = plan.findings.some((finding) => finding.severity === "blocks");
  if (input.planOnly === true) {
    output.result(plan, () => formatRestorePlan(plan));
    return isBlocked ? exitCodes.error : exitCodes.ok;
  }
  output.note(formatRestorePlan(plan).trimEnd());
  // A plan that cannot work is refused by the engine with all its reasons; there is nothing to ask.
  if (!isBlocked) await confirm(`Restore ${plan.vmName} on ${plan.stampName}?`, input.yes ?? false, context);
  using progress = output.startProgress();
  const options = { signal, onProgress: showWorkflow(output, progress) };
  const restored = await restoreVm(deps, { ...wanted, runId: plan.runId }, options);
  output.result(restored, () =>
    formatFields([
      ["restored", restored.vm.id],
      ["power", plan.startsVm ? "started" : restored.vm.powerState],
      ["took", restored.phases.map((each) => `${each.phase} ${formatDuration(each.durationMs)}`).join(", ")],
      ...(plan.extensionsToReinstall.length > 0
        ? [["install again", plan.extensionsToReinstall.join(", ")] as const]
        : []),
    ]),
  );
  return exitCodes.ok;
};

function toWish(input: RestoreVmCommandInput): RestoreWish {
  return {
    vmName: input.name,
    resourceGroup: input.resourceGroup,
    startsVm: input.start ?? false,
    keepsAddresses: input.keepAddresses ?? false,
    ...(input.subnet === undefined ? {} : { subnetId: input.subnet }),
    ...(input.size === undefined ? {} : { sizeName: input.size }),
  };
}
