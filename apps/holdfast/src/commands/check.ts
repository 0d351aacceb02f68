import { formatBytes } from "@holdfast/kernel";
import type { CommandHandler } from "../cli/context.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { runRepoHeal } from "./repo-heal.ts";
import type { HealInput } from "./repo-heal.ts";
import { openKnownRepository } from "./repository-session.ts";
import type { RepositoryOptions } from "./repository-session.ts";

export interface CheckInput extends RepositoryOptions, Omit<HealInput, "from"> {
  /** Heals what is damaged from this repository, as `repo heal`. */
  readonly healFrom?: string;
}

/** Reads every byte of every point; answers 21 where any of it is damaged. */
export const runCheck: CommandHandler<CheckInput> = async (options, context) => {
  if (options.healFrom !== undefined) return await runRepoHeal({ ...options, from: options.healFrom }, context);
  const { services, output, signal } = context;
  await using catalog = await services.openCatalog();
  await using store = await openKnownRepository(catalog, options, context);
  using progress = output.startProgress();
  progress.phase("checking");
  const report = await store.check({
    signal,
    onProgress: ({ readBytes, totalBytes }) => progress.advance(readBytes, totalBytes),
  });
  const { findings } = report;
  output.result(report, () => {
    const scope = `${report.pointCount} points, ${report.chunkCount} chunks, ${formatBytes(report.readBytes)} read`;
    if (findings.length === 0) return `No damage: ${scope}.`;
    const lines = findings.map(
      ({ code, object, message, pointIds }) =>
        `${code} ${object}: ${message}; touches ${pointIds.length === 0 ? "no point" : pointIds.join(", ")}`,
    );
    const next = "A copy can heal it: `holdfast repo heal --from <repository>`.";
    return `${lines.join("\n")}\n${findings.length} findings: ${scope}.\n${next}`;
  });
  return findings.length === 0 ? exitCodes.ok : exitCodes.unproven;
};
