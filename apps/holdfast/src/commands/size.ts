import { documentedLink, measureCaptures, measureVm, placedVmKey, placedVms, sizeProtection } from "@holdfast/domain";
import type {
  Figure,
  LinkKind,
  PlacedVm,
  ProtectionSize,
  RecoveryPoint,
  RetentionRules,
  SizedVm,
  StampNodes,
  WorkRates,
} from "@holdfast/domain";
import type { Catalog } from "@holdfast/catalog";
import { formatBytes, formatDuration, formatInstant } from "@holdfast/kernel";
import type { CommandContext, CommandHandler } from "../cli/context.ts";
import { formatFindings } from "../cli/finding-text.ts";
import { formatFields } from "../cli/table.ts";
import { instanceKey, retentionRules } from "../selection/retention-options.ts";
import type { RetentionOptions } from "../selection/retention-options.ts";
import { openKnownRepository } from "./repository-session.ts";
import type { RepositoryOptions } from "./repository-session.ts";
import { findStampNamed } from "./stamp-list.ts";
import { connectKnownStamp } from "./stamp-session.ts";
import { loadInventories } from "./vms.ts";

/** Options of `size`; what is left out is assumed, and shown as assumed. */
export interface SizeCommandInput extends RetentionOptions, RepositoryOptions {
  /** Take figures from the points of the repository. */
  readonly measured?: boolean;
  readonly stamp?: string;
  /** Stamp that is asked for its sizes and quotas. */
  readonly target?: string;
  readonly link?: LinkKind;
  /** Megabits per second, in place of a documented link. */
  readonly linkMbit?: number;
  /** Megabytes per second of one capture. */
  readonly captureRate?: number;
  readonly slots?: number;
  /** Percent of each disk. */
  readonly allocated?: number;
  /** Percent of what is allocated, each day. */
  readonly change?: number;
  /** Percent of what is read. */
  readonly stored?: number;
  readonly everyMs: number;
  readonly windowMs: number;
  readonly waveVms: number;
  readonly nodes?: number;
  /** GiB of each node. */
  readonly nodeMemory?: number;
}

const usualRules: RetentionRules = { daily: 7, weekly: 5, monthly: 12, timeZone: "UTC" };

/** Answers how large protection gets. Asks no stamp but the target that is named, and changes nothing. */
export const runSize: CommandHandler<SizeCommandInput> = async (input, context) => {
  const { services, output } = context;
  await using catalog = await services.openCatalog();
  const inventories = await loadInventories(catalog, input.stamp);
  for (const { stampName, takenAtMs } of inventories)
    output.note(`${stampName}: inventory of ${formatInstant(takenAtMs)}`);
  const record = input.target === undefined ? null : await findStampNamed(catalog, input.target);
  await using session = record === null ? null : await connectKnownStamp(catalog, record, context);
  const { signal } = context;
  const points = input.measured === true ? await loadPoints(catalog, input, context) : [];
  const pointsOf = Map.groupBy(points, instanceKey);
  const size = sizeProtection({
    vms: placedVms(inventories).map((placed) => sizedVm(placed, pointsOf.get(placedVmKey(placed)) ?? [], input)),
    rates: ratesOf(input, points),
    windowMs: input.windowMs,
    maxVmsPerWave: input.waveVms,
    rules: hasRules(input) ? retentionRules(input) : usualRules,
    everyMs: input.everyMs,
    nowMs: services.clock.now(),
    sizes: session === null ? [] : await session.stamp.listVmSizes({ signal }),
    usages: session === null ? null : await session.stamp.listUsages({ signal }),
    nodes: nodesOf(input),
  });
  output.result(size, () => describeSize(size, input));
};

/** What is typed counts before what was measured, and that before what is assumed. */
function sizedVm(placed: PlacedVm, points: readonly RecoveryPoint[], input: SizeCommandInput): SizedVm {
  const { allocated, change } = input;
  const measured = measureVm(points);
  const diskBytes = placed.vm.disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const guess = assume((diskBytes * (allocated ?? 100)) / 100, allocated, "all of each disk is allocated");
  const allocatedBytes = allocated === undefined ? (measured.allocatedBytes ?? guess) : guess;
  const changeGuess = assume((allocatedBytes.value * (change ?? 3)) / 100, change, "3 % of it change each day");
  const perSecond = change === undefined ? measured.changedBytesPerSecond : null;
  return {
    vmKey: placedVmKey(placed),
    vm: placed.vm,
    priority: 1,
    allocatedBytes,
    changedBytesPerDay: perSecond === null ? changeGuess : { ...perSecond, value: perSecond.value * 86_400 },
  };
}

type Rates = Pick<WorkRates, "captureRate" | "slots" | "link" | "storedRatio">;

function ratesOf(input: SizeCommandInput, points: readonly RecoveryPoint[]): Rates {
  const { captureRate, slots, link, linkMbit, stored } = input;
  const measured = measureCaptures(points);
  const entered = linkMbit === undefined ? null : assume((linkMbit * 1_000_000) / 8, linkMbit, "");
  const rateGuess = assume((captureRate ?? 100) * 1_000_000, captureRate, "100 MB/s for each capture");
  const storedGuess = assume((stored ?? 50) / 100, stored, "half of what is read is stored");
  return {
    captureRate: captureRate === undefined ? (measured.captureRate ?? rateGuess) : rateGuess,
    slots: assume(slots ?? 4, slots, "4 captures at once"),
    link: entered ?? (link === undefined ? null : documentedLink(link)),
    storedRatio: stored === undefined ? (measured.storedRatio ?? storedGuess) : storedGuess,
  };
}

async function loadPoints(
  catalog: Catalog,
  input: RepositoryOptions,
  context: CommandContext,
): Promise<readonly RecoveryPoint[]> {
  await using store = await openKnownRepository(catalog, input, context);
  return await store.listPoints({ signal: context.signal });
}

/** What somebody typed is not measured either: both are assumed, and say by whom. */
function assume(value: number, typed: number | undefined, usual: string): Figure {
  return { value, provenance: "assumed", source: typed === undefined ? usual : "entered by hand" };
}

function nodesOf({ nodes, nodeMemory }: SizeCommandInput): StampNodes | null {
  if (nodes === undefined || nodeMemory === undefined) return null;
  return { nodeCount: assume(nodes, nodes, ""), memoryGiBPerNode: assume(nodeMemory, nodeMemory, "") };
}

function hasRules({ timeZone: _zone, ...options }: SizeCommandInput): boolean {
  const { keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly } = options;
  return [keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly].some((one) => one !== undefined);
}

function describeSize(size: ProtectionSize, { nodes, nodeMemory }: SizeCommandInput): string {
  if (size.vmCount === 0) return "No VM is known. Run `holdfast discover` first.";
  const { firstFullBytes, firstFullMs, waves, afterAYear, target } = size;
  const figure = (shown: string, { provenance }: Figure): string => `${shown} (${provenance})`;
  const hasNodes = nodes !== undefined && nodeMemory !== undefined;
  const fields: (readonly [string, string])[] = [
    ["VMs", String(size.vmCount)],
    ["first full", figure(formatBytes(firstFullBytes.value), firstFullBytes)],
    [
      "takes",
      `${figure(formatDuration(firstFullMs.value), firstFullMs)}, in ${waves.length} ${waves.length === 1 ? "wave" : "waves"}`,
    ],
    [
      "after a year",
      figure(
        `${formatBytes(afterAYear.storedBytes.value)} in ${afterAYear.pointCount} points of each VM`,
        afterAYear.storedBytes,
      ),
    ],
    [
      "target needs",
      `${target.virtualMachines} VMs, ${target.cores ?? "unknown"} cores, ${target.networkInterfaces} NICs`,
    ],
    ["", `${target.standardDiskGiB} GiB standard and ${target.premiumDiskGiB} GiB premium disks`],
    ...(hasNodes ? [["one node lost", describeNodes(size)] as const] : []),
  ];
  return `${formatFields(fields)}${formatFindings(size.findings)}`;
}

function describeNodes({ nodes }: ProtectionSize): string {
  if (nodes === null) return "not known: the sizes of the VMs are not; name a stamp by --target";
  const usable = `${Math.floor(nodes.usableGiB.value)} GiB and ${nodes.maxVms} VMs (${nodes.usableGiB.provenance})`;
  return nodes.fits ? `fits into ${usable}` : `does NOT fit into ${usable}: ${nodes.problems.join("; ")}`;
}
