import { decideRetention } from "@holdfast/domain";
import type { DeletionConcern, RecoveryPoint } from "@holdfast/domain";
import { HoldfastError, formatInstant } from "@holdfast/kernel";
import type { OpenPoints } from "@holdfast/repository";
import { confirm } from "../cli/confirm.ts";
import type { CommandContext, CommandHandler } from "../cli/context.ts";
import { formatTable } from "../cli/table.ts";
import { retainedPoint, retentionRules } from "../selection/retention-options.ts";
import type { RetentionOptions } from "../selection/retention-options.ts";
import { isOfVm, selectPoint } from "../selection/select-point.ts";
import { refuseUnknownVm } from "../selection/select-vm.ts";
import { openForCopy } from "./repo-copy.ts";
import type { RepositoryOptions } from "./repository-session.ts";
import { loadInventories } from "./vms.ts";

export interface DeletePointsInput extends RepositoryOptions, RetentionOptions {
  readonly points: readonly string[];
  /** Only points of this VM, where rules choose. */
  readonly vm?: string;
  readonly planOnly?: boolean;
  readonly yes?: boolean;
  /** The sentence that agrees to what is of concern; asked for without it. */
  readonly consent?: string;
}

interface Chosen {
  readonly point: RecoveryPoint;
  readonly why: string;
}

/** Deletes points by name or by rules of retention: shows them, asks, and asks a second time where much would go. */
export const runDeletePoints: CommandHandler<DeletePointsInput> = async (input, context) => {
  const { output, signal } = context;
  await using catalog = await context.services.openCatalog();
  await using store = await openForCopy(catalog, input, context);
  const all = await store.listPoints({ signal });
  if (input.vm !== undefined && !all.some((point) => isOfVm(point, input.vm!)))
    refuseUnknownVm(input.vm, all, await loadInventories(catalog));
  const chosen = await choosePoints(input, all, store, signal);
  const ids = chosen.map(({ point }) => point.id);
  const concerns = ids.length === 0 ? [] : await store.judgeDeletion(ids, { signal });
  const plan = { deleted: ids, concerns, isDone: false };
  if (ids.length === 0 || input.planOnly === true) {
    output.result(plan, () => (ids.length === 0 ? "No point is to be deleted." : describePlan(chosen, concerns)));
    return;
  }
  if (!output.isJson) output.note(describePlan(chosen, concerns));
  await confirm(`Delete ${ids.length} recovery points?`, input.yes === true, context);
  const hasConsent = concerns.length > 0 && (await askConsent(consentFor(ids.length), input.consent, context));
  await store.deletePoints(ids, { hasConsent, signal });
  output.result(
    { ...plan, isDone: true },
    () =>
      `${ids.length} points are deleted. \`holdfast points undelete\` brings them back until two prunes have passed; \`holdfast prune\` frees their space after that.`,
  );
};

async function choosePoints(
  input: DeletePointsInput,
  all: readonly RecoveryPoint[],
  store: OpenPoints,
  signal: AbortSignal,
): Promise<Chosen[]> {
  const hasRules = [
    input.keepLast,
    input.keepHourly,
    input.keepDaily,
    input.keepWeekly,
    input.keepMonthly,
    input.keepYearly,
  ].some((count) => count !== undefined);
  if (hasRules === input.points.length > 0 || (!hasRules && input.vm !== undefined))
    throw new HoldfastError({
      code: "cli.usage.delete",
      message: "give either points, or rules of retention by --keep-last and the like, with --vm if wanted",
      advice: "Look at `holdfast points` and `holdfast retention preview` first.",
    });
  if (!hasRules) return input.points.map((typed) => ({ point: selectPoint(typed, all), why: "named" }));
  const holds = await store.listHolds({ signal });
  const judged = all.filter((point) => input.vm === undefined || isOfVm(point, input.vm));
  const verdicts = decideRetention(
    judged.map((point) => retainedPoint(point, holds.has(point.id) ? [holds.get(point.id)!] : [])),
    retentionRules(input),
  );
  const removed = new Set(verdicts.filter(({ isKept }) => !isKept).map(({ id }) => id));
  return judged.filter(({ id }) => removed.has(id)).map((point) => ({ point, why: "no rule keeps it" }));
}

function describePlan(chosen: readonly Chosen[], concerns: readonly DeletionConcern[]): string {
  const rows = chosen.map(({ point, why }) => [
    point.id,
    `${point.instance.resourceGroup}/${point.instance.name}`,
    formatInstant(point.publishedAtMs),
    why,
  ]);
  const warnings = concerns.map((concern) => {
    if (concern.kind === "held") return `held and not to be deleted: ${concern.pointIds.join(", ")}`;
    if (concern.kind === "last-good") return `no good point would be left of: ${concern.instanceKeys.join(", ")}`;
    const percent = (share: number): string => `${Math.round(share * 100)} %`;
    return `${percent(concern.ofPoints)} of the points and ${percent(concern.ofBytes)} of their bytes would go`;
  });
  return [formatTable(["POINT", "VM", "PUBLISHED", "WHY"], rows), ...warnings.map((line) => `WARNING: ${line}`)].join(
    "\n",
  );
}

function consentFor(count: number): string {
  return `delete ${count} points`;
}

/** Answers whether the sentence was given; raises `cli.input.declined` where another one was. */
async function askConsent(
  sentence: string,
  given: string | undefined,
  { terminal, signal }: CommandContext,
): Promise<boolean> {
  if (given === undefined && !terminal.isInteractive) return false;
  const answer = given ?? (await terminal.ask(`This takes much. Type "${sentence}" to agree: `, { signal }));
  if (answer.trim() === sentence) return true;
  throw new HoldfastError({
    code: "cli.input.declined",
    message: "the consent does not fit what would be deleted; nothing was changed",
    advice: `Look at the list again. If it is meant, agree by --consent "${sentence}".`,
  });
}
