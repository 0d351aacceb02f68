import { restoreDisk } from "@holdfast/engine";
import { formatBytes } from "@holdfast/kernel";
import { confirm } from "../cli/confirm.ts";
import type { CommandHandler } from "../cli/context.ts";
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
}

/** Restores one disk as a new managed disk; attaching it is left to the user. */
export const runRestoreDisk: CommandHandler<RestoreDiskCommandInput> = async (input, context) => {
  const { output, signal } = context;
  await using catalog = await context.services.openCatalog();
  const record = await chooseStamp(catalog, input.to);
  await using store = await openKnownRepository(catalog, input, context);
  const point = selectPoint(input.point, await store.listPoints({ signal }));
  const from = input.disk ?? "its only disk";
  output.note(`point ${point.id}, ${from}: to disk ${input.resourceGroup}/${input.name} on ${record.name}`);
  await confirm("Restore it?", input.yes ?? false, context);
  await using session = await openStamp(catalog, record, context);
  using progress = output.startProgress();
  const { resourceGroup, name } = input;
  const wanted = { pointId: point.id, resourceGroup, name, ...(input.disk === undefined ? {} : { disk: input.disk }) };
  const options = { signal, onProgress: showWorkflow(output, progress) };
  const made = await restoreDisk({ ...session.deps, points: store }, wanted, options);
  output.result(made, () =>
    formatFields([
      ["restored", made.id],
      ["size", formatBytes(made.sizeBytes)],
    ]),
  );
};
