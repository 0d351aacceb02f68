import { decideRetention, simulateRetention } from "@holdfast/domain";
import type { RetentionRules, RetentionSimulation, SimulatedSchedule } from "@holdfast/domain";
import { HoldfastError, formatInstant } from "@holdfast/kernel";
import type { CommandContext, CommandHandler } from "../cli/context.ts";
import { formatTable } from "../cli/table.ts";
import { describeReasons, retainedPoint, retentionRules } from "../selection/retention-options.ts";
import type { RetentionOptions } from "../selection/retention-options.ts";
import { isOfVm } from "../selection/select-point.ts";
import { refuseUnknownVm } from "../selection/select-vm.ts";
import { openForCopy } from "./repo-copy.ts";
import type { RepositoryOptions } from "./repository-session.ts";
import { loadInventories } from "./vms.ts";

export interface RetentionPreviewInput extends RepositoryOptions, RetentionOptions {
  readonly vm: string | undefined;
  readonly everyMs?: number;
  readonly forMs?: number;
}

/** A simulation of more captures says nothing new and takes minutes. */
const maxCaptures = 100_000;
/** Lines of the table of counts. */
const shownCounts = 24;

/** Shows what rules keep and why, of the points that there are or of a schedule that is played through. Changes nothing. */
export const runRetentionPreview: CommandHandler<RetentionPreviewInput> = async (input, context) => {
  const rules = retentionRules(input);
  const { everyMs, forMs } = input;
  if (everyMs !== undefined && forMs !== undefined) {
    simulate(rules, { everyMs, forMs, firstAtMs: context.services.clock.now() }, context);
    return;
  }
  if (everyMs !== undefined || forMs !== undefined)
    throw new HoldfastError({
      code: "cli.retention.invalid",
      message: "a simulation needs both --every and --for",
      advice: "Give both, such as --every 6h --for 3y, or neither to judge the points of the repository.",
    });
  await judgePoints(rules, input, context);
};

function simulate(rules: RetentionRules, schedule: SimulatedSchedule, { output }: CommandContext): void {
  if (schedule.forMs / schedule.everyMs > maxCaptures)
    throw new HoldfastError({
      code: "cli.retention.invalid",
      message: `the simulation would have more than ${maxCaptures} captures`,
      advice: "Give a longer --every or a shorter --for.",
    });
  const simulation = simulateRetention(rules, schedule);
  output.result({ rules, schedule, ...simulation }, () => describeSimulation(simulation));
}

function describeSimulation({ captureCount, counts, mostKept, kept }: RetentionSimulation): string {
  const step = Math.max(1, Math.ceil(counts.length / shownCounts));
  const shown = counts.filter((_count, i) => i % step === 0 || i === counts.length - 1);
  const scale = Math.max(1, mostKept / 40);
  return [
    formatTable(
      ["TIME", "POINTS", ""],
      shown.map(({ atMs, kept: count }) => [
        formatInstant(atMs).slice(0, 16),
        String(count),
        "#".repeat(Math.round(count / scale)),
      ]),
    ),
    formatTable(
      ["KEPT IN THE END", "WHY"],
      kept.map(({ dataAtMs, reasons }) => [formatInstant(dataAtMs).slice(0, 16), describeReasons(reasons)]),
    ),
    `${captureCount} captures; ${kept.length} points in the end, ${mostKept} at most.`,
  ].join("\n");
}

async function judgePoints(rules: RetentionRules, input: RetentionPreviewInput, context: CommandContext) {
  const { vm } = input;
  await using catalog = await context.services.openCatalog();
  await using store = await openForCopy(catalog, input, context);
  const all = await store.listPoints({ signal: context.signal });
  const points = all.filter((point) => vm === undefined || isOfVm(point, vm));
  if (vm !== undefined && points.length === 0) refuseUnknownVm(vm, all, await loadInventories(catalog));
  const holds = await store.listHolds({ signal: context.signal });
  const verdicts = decideRetention(
    points.map((point) => retainedPoint(point, holds.has(point.id) ? [holds.get(point.id)!] : [])),
    rules,
  );
  const nameOf = new Map(points.map(({ id, instance }) => [id, `${instance.resourceGroup}/${instance.name}`]));
  const kept = verdicts.filter(({ isKept }) => isKept).length;
  context.output.result({ rules, verdicts }, () => {
    const rows = verdicts.map(({ id, dataAtMs, isKept, reasons }) => [
      id,
      nameOf.get(id) ?? "",
      formatInstant(dataAtMs),
      isKept ? "keep" : "remove",
      describeReasons(reasons),
    ]);
    return `${formatTable(["POINT", "VM", "DATA OF", "VERDICT", "WHY"], rows)}\n${kept} of ${verdicts.length} points stay. Nothing was changed.`;
  });
}
