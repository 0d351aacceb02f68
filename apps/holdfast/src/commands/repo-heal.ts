import { formatBytes } from "@holdfast/kernel";
import type { CommandHandler } from "../cli/context.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { openForCopy } from "./repo-copy.ts";
import type { RepositoryOptions } from "./repository-session.ts";

export interface HealInput extends RepositoryOptions {
  readonly from: string;
  readonly fromPassphraseFile?: string;
  readonly fromRecoveryCodeFile?: string;
  readonly fromShareFile?: readonly string[];
}

/** Stores anew what is damaged, then checks again; answers 21 where a point is still harmed. */
export const runRepoHeal: CommandHandler<HealInput> = async (input, context) => {
  const { services, output, signal } = context;
  await using catalog = await services.openCatalog();
  await using damaged = await openForCopy(catalog, input, context);
  await using copy = await openForCopy(catalog, copyKey(input), context);
  using progress = output.startProgress();
  const onProgress = ({ readBytes, totalBytes }: { readonly readBytes: number; readonly totalBytes: number }): void =>
    progress.advance(readBytes, totalBytes);
  progress.phase("looking for damage");
  const healed = await damaged.heal([copy], { signal, onProgress });
  progress.phase("checking again");
  const { findings } = await damaged.check({ signal, onProgress });
  const harmful = findings.filter(({ pointIds }) => pointIds.length > 0);
  const isWhole = harmful.length === 0 && healed.unhealed.length === 0;
  output.result({ ...healed, findings }, () => {
    const { healedChunkCount, storedBytes, healedPointIds, unhealed } = healed;
    const lines = [
      ...(healed.isConfigHealed ? ["The config is written again."] : []),
      `${healedChunkCount} chunks stored anew (${formatBytes(storedBytes)}), ${healedPointIds.length} points published again.`,
      ...unhealed.map(({ object, reason, pointId }) => `not healed: ${object} of point ${pointId}: ${reason}`),
      ...harmful.map(({ code, object, pointIds }) => `${code} ${object} still touches ${pointIds.join(", ")}`),
    ];
    return (isWhole ? [...lines, "Every point that is listed is whole."] : lines).join("\n");
  });
  return isWhole ? exitCodes.ok : exitCodes.unproven;
};

function copyKey({ from, fromPassphraseFile, fromRecoveryCodeFile, fromShareFile }: HealInput): RepositoryOptions {
  return {
    repo: from,
    ...(fromPassphraseFile === undefined ? {} : { passphraseFile: fromPassphraseFile }),
    ...(fromRecoveryCodeFile === undefined ? {} : { recoveryCodeFile: fromRecoveryCodeFile }),
    ...(fromShareFile === undefined ? {} : { shareFile: fromShareFile }),
  };
}
