import { planRestoreDisk, restoreDisk } from "@holdfast/engine";
import { formatBytes } from "@holdfast/kernel";
import { confirm } from "../cli/confirm.ts";
import type { CommandHandler } from "../cli/context.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { formatDiskPlan } from "../cli/restore-plan-text.ts";
import { formatFields } from "../cli/table.ts";
import { showWorkflow } from "../cli/workflow-progress.ts";
import { selectPoint } from "../selection/select-point.ts";
import { openKnownRepository } from "./repository-session.ts";
import type { RepositoryOptions } from "./repository-session.ts";
import { chooseStamp, openStamp } from "./stamp-session.ts";

export interface RestoreDiskCommandInput extends RepositoryOptions {
  readonly point: string;
  readonly disk?: string;
  readonly to?: string;
  readonly name: string;
  readonly resourceGroup: string;
  readonly yes?: boolean;
  readonly planOnly?: boolean;
}

/** Shows the plan, asks, and restores one disk as a new managed disk; attaching it is left to the user. */
export const runRestoreDisk: CommandHandler<RestoreDiskCommandInput> = async (input, context) => {
  const { output, signal } = context;
  await using catalog = await context.services.openCatalog();
  const record = await chooseStamp(catalog, input.to);
  await using store = await openKnownRepository(catalog, input, context);
  const point = selectPoint(input.point, await store.listPoints({ signal }));
  await using session = await openStamp(catalog, record, context);
  const deps = { ...session.deps, points: store };
  const { resourceGroup, name } = input;
  const wanted = { pointId: point.id, resourceGroup, name, ...(input.disk === undefined ? {} : { disk: input.disk }) };
  const plan = await planRestoreDisk(deps, wanted, { signal });
  const isBlocked = plan.findings.some((finding) => finding.severity === "blocks");
  if (input.planOnly === true) {
    output.result(plan, () => formatDiskPlan(plan));
    return isBlocked ? exitCodes.error : exitCodes.ok;
  }
  output.note(formatDiskPlan(plan).trimEnd());
  // A plan that cannot work is refused by the engine with all its reasons; there is nothing to ask.
  if (!isBlocked) await confirm(`Restore ${plan.disk.name} on ${plan.stampName}?`, input.yes ?? false, context);
  using progress = output.startProgress();
  const options = { signal, onProgress: showWorkflow(output, progress) };
  const made = await restoreDisk(deps, { ...wanted, runId: plan.runId }, options);
  output.result(made, () =>
    formatFields([
      ["restored", made.id],
      ["size", formatBytes(made.sizeBytes)],
    ]),
  );
  return exitCodes.ok;
};
