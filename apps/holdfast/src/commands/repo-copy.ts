import type { Catalog } from "@holdfast/catalog";
import type { RecoveryPoint } from "@holdfast/domain";
import { formatBytes, HoldfastError } from "@holdfast/kernel";
import type { CopiedPoint, OpenPoints } from "@holdfast/repository";
import { serviceOptions } from "../cli/context.ts";
import type { CommandContext, CommandHandler } from "../cli/context.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { readRepositoryKey } from "../cli/repository-key.ts";
import { isOfVm, selectPoint } from "../selection/select-point.ts";
import { logState } from "./media.ts";
import { chooseRepository, requireSameRepository } from "./repository-session.ts";
import type { RepositoryOptions } from "./repository-session.ts";

/** What opens the second of two repositories. */
export interface OtherKeyOptions {
  readonly toPassphraseFile?: string;
  readonly toRecoveryCodeFile?: string;
  readonly toShareFile?: readonly string[];
}

export interface CopyInput extends Omit<RepositoryOptions, "repo">, OtherKeyOptions {
  readonly from: string;
  readonly to: string;
  readonly point?: readonly string[];
  readonly vm?: readonly string[];
  readonly all?: boolean;
}

type CopyResult =
  | Exclude<CopiedPoint, { readonly kind: "failed" }>
  | { readonly kind: "failed"; readonly pointId: string; readonly code: string; readonly message: string };

/** To open chunks takes less than to name and seal them; more threads would only cost memory. */
const readingThreads = 2;

/** Copies points to a second repository with keys of its own; answers 3 where some could not be copied. */
export const runRepoCopy: CommandHandler<CopyInput> = async (input, context) => {
  const { services, output, signal } = context;
  requireSelection(input);
  await using catalog = await services.openCatalog();
  await using source = await openForCopy(catalog, { ...input, repo: input.from, threads: readingThreads }, context);
  await using target = await openForCopy(catalog, { ...otherKey(input), repo: input.to }, context);
  const points = selectPoints(input, await source.listPoints({ signal }));
  using progress = output.startProgress();
  const results: CopyResult[] = [];
  const { copyPoints } = await import("@holdfast/repository");
  const copying = copyPoints(source, target, points, {
    clock: services.clock,
    signal,
    onProgress: ({ readBytes, totalBytes }) => progress.advance(readBytes, totalBytes),
  });
  progress.phase(`copying ${points.length} points to ${input.to}`);
  for await (const result of copying) {
    const { pointId } = result;
    if (result.kind === "failed") {
      const { code, message } = result.error;
      progress.clear();
      output.note(`point ${pointId} was not copied: ${code} ${message}`);
      results.push({ kind: result.kind, pointId, code, message });
    } else results.push(result);
  }
  if ((await catalog.findMedium(input.to)) !== null)
    await logState(catalog, { name: input.to, event: "copied", findingCount: null }, target, context);
  const failed = results.filter(({ kind }) => kind === "failed").length;
  output.result({ from: input.from, to: input.to, points: results }, () => {
    const copied = results.filter((result) => result.kind === "copied");
    const stored = copied.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
    const there = results.length - copied.length - failed;
    return `${copied.length} points copied to ${input.to}, ${formatBytes(stored)} stored; ${there} were there already; ${failed} failed.`;
  });
  return failed === 0 ? exitCodes.ok : exitCodes.partial;
};

/** The options of the second repository, as those of any. */
export function otherKey({ toPassphraseFile, toRecoveryCodeFile, toShareFile }: OtherKeyOptions): RepositoryOptions {
  return {
    ...(toPassphraseFile === undefined ? {} : { passphraseFile: toPassphraseFile }),
    ...(toRecoveryCodeFile === undefined ? {} : { recoveryCodeFile: toRecoveryCodeFile }),
    ...(toShareFile === undefined ? {} : { shareFile: toShareFile }),
  };
}

/** Opens a known repository for copying or healing; refuses one that is not the one the catalog knows. */
export async function openForCopy(
  catalog: Catalog,
  { threads, ...options }: RepositoryOptions & { readonly threads?: number },
  context: CommandContext,
): Promise<OpenPoints> {
  const record = await chooseRepository(catalog, options.repo);
  const key = await readRepositoryKey({ ...options, repositoryName: record.name }, context);
  using progress = context.output.startProgress();
  progress.phase(`opening repository ${record.name}`);
  await using opening = new AsyncDisposableStack();
  const call = { ...serviceOptions(context), ...(threads === undefined ? {} : { threads }) };
  const points = opening.use(await context.services.openCopyable(record.location, key, call));
  requireSameRepository(record, points.id);
  opening.move();
  return points;
}

/** What is copied is always said: everything only by `--all`. */
function requireSelection({ point, vm, all }: CopyInput): void {
  const given = [point, vm, all].filter((choice) => choice !== undefined && choice !== false).length;
  if (given === 1) return;
  throw new HoldfastError({
    code: "cli.usage.copy",
    message: given === 0 ? "nothing says which points to copy" : "more than one way says which points to copy",
    advice: "Give one of --point, --vm and --all.",
  });
}

function selectPoints(input: CopyInput, points: readonly RecoveryPoint[]): RecoveryPoint[] {
  if (input.all === true) return [...points];
  if (input.point !== undefined) return input.point.map((typed) => selectPoint(typed, points));
  return (input.vm ?? []).flatMap((typed) => {
    const found = points.filter((point) => isOfVm(point, typed));
    // Raises with the names that are near.
    return found.length > 0 ? found : [selectPoint(`${typed}@latest`, points)];
  });
}
