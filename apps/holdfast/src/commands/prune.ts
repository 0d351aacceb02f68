import { formatBytes } from "@holdfast/kernel";
import { defaultGraceRounds } from "@holdfast/repository";
import type { PruneReport } from "@holdfast/repository";
import { confirm } from "../cli/confirm.ts";
import type { CommandHandler } from "../cli/context.ts";
import { openForCopy } from "./repo-copy.ts";
import type { RepositoryOptions } from "./repository-session.ts";

export interface PruneInput extends RepositoryOptions {
  readonly dryRun?: boolean;
  readonly grace?: number;
  /** In percent of the repository. */
  readonly maxDead?: number;
  readonly watchMs?: number;
  readonly yes?: boolean;
}

const phases = {
  read: "reading what there is",
  mark: "marking what points need",
  rewrite: "writing what stays of packs anew",
  delete: "deleting",
} as const;

/** Frees the space that no recovery point needs. */
export const runPruneCommand: CommandHandler<PruneInput> = async (input, context) => {
  const { output, signal, services } = context;
  const graceRounds = input.grace ?? defaultGraceRounds;
  if (graceRounds < defaultGraceRounds && input.dryRun !== true)
    await confirm(
      `Deleted points could be brought back for ${defaultGraceRounds} prunes. Make that ${graceRounds}?`,
      input.yes === true,
      context,
    );
  await using catalog = await services.openCatalog();
  await using store = await openForCopy(catalog, input, context);
  using progress = output.startProgress();
  const report = await store.prune({
    signal,
    graceRounds,
    isDryRun: input.dryRun === true,
    ...(input.maxDead === undefined ? {} : { maxDead: input.maxDead / 100 }),
    ...(input.watchMs === undefined ? {} : { watchMs: input.watchMs }),
    onProgress: ({ phase }) => progress.phase(phases[phase]),
  });
  output.result(report, () => describeReport(report));
};

function describeReport(report: PruneReport): string {
  const { isDryRun, deletedPacks, freedBytes, rewrittenPacks, writtenBytes } = report;
  const would = isDryRun ? "would be" : "were";
  const lines = [`${deletedPacks} packs ${would} deleted: ${formatBytes(freedBytes)} freed.`];
  if (rewrittenPacks > 0)
    lines.push(`Of ${rewrittenPacks} packs what stays ${would} written anew: ${formatBytes(writtenBytes)}.`);
  if (report.expiredPoints.length > 0)
    lines.push(`${report.expiredPoints.length} deleted points cannot be brought back any more.`);
  if (report.waitingPacks > 0)
    lines.push(
      `${report.waitingPacks} packs (${formatBytes(report.waitingBytes)}) wait for the next prune or for captures to end.`,
    );
  if (report.livingWriters.length > 0)
    lines.push(`${report.livingWriters.length} captures may be at work; --watch tells the dead ones apart.`);
  if (report.fencedWriters.length > 0) lines.push(`${report.fencedWriters.length} captures were taken for dead.`);
  if (report.unprovenPacks.length > 0)
    lines.push(
      `${report.unprovenPacks.length} packs stay, because the other copy of a chunk does not open. Run a check.`,
    );
  if (report.isStoreFull) lines.push("The store was full: packs were only deleted, not written anew. Prune again.");
  return lines.join("\n");
}
