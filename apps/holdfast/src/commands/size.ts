import { placedVmKey, placedVms, sizeProtection } from "@holdfast/domain";
import type {
  Figure,
  PlacedVm,
  ProtectionSize,
  RecoveryPoint,
  RetentionRules,
  SizedVm,
  StampNodes,
} from "@holdfast/domain";
import { formatBytes, formatDuration, formatInstant } from "@holdfast/kernel";
import type { CommandHandler } from "../cli/context.ts";
import { formatFindings } from "../cli/finding-text.ts";
import { formatFields } from "../cli/table.ts";
import { lastPriority, loadPriorities } from "../selection/load-priorities.ts";
import { instanceKey, retentionRules } from "../selection/retention-options.ts";
import type { RetentionOptions } from "../selection/retention-options.ts";
import { assumeFigure, loadOf, ratesOf } from "../selection/work-figures.ts";
import type { FigureOptions } from "../selection/work-figures.ts";
import { loadPoints } from "./load-points.ts";
import type { RepositoryOptions } from "./repository-session.ts";
import { findStampNamed } from "./stamp-list.ts";
import { connectKnownStamp } from "./stamp-session.ts";
import { loadInventories } from "./vms.ts";

/** Options of `size`; what is left out is assumed, and shown as assumed. */
export interface SizeCommandInput extends RetentionOptions, RepositoryOptions, FigureOptions {
  /** Take figures from the points of the repository. */
  readonly measured?: boolean;
  readonly stamp?: string;
  /** Stamp that is asked for its sizes and quotas. */
  readonly target?: string;
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
  const { priorityOf, applicationsFrom } = await loadPriorities(catalog, inventories, services.clock.now());
  const { policies, tags } = applicationsFrom;
  if (policies + tags > 0)
    output.note(`priorities: of ${policies} applications from the applied policies, and ${tags} from tags`);
  const size = sizeProtection({
    vms: placedVms(inventories).map((placed) => {
      const key = placedVmKey(placed);
      const priority = priorityOf.get(key) ?? lastPriority;
      return { ...sizedVm(placed, pointsOf.get(key) ?? [], input), priority };
    }),
    rates: ratesOf(points, input),
    windowMs: input.windowMs,
    maxVmsPerWave: input.waveVms,
    rules: hasRules(input) ? retentionRules(input) : usualRules,
    everyMs: input.everyMs,
    nowMs: services.clock.now(),
    sizes: session === null ? [] : await session.stamp.listVmSizes({ signal }),
    usages: session === null ? null : await session.stamp.listUsages({ signal }),
    nodes: nodesOf(input),
  });
  output.result({ ...size, applicationsFrom }, () => describeSize(size, input));
};

function sizedVm(
  placed: PlacedVm,
  points: readonly RecoveryPoint[],
  input: SizeCommandInput,
): Omit<SizedVm, "priority"> {
  const { vmKey, allocatedBytes, changedBytesPerSecond } = loadOf(placed, points, input);
  const changedBytesPerDay = { ...changedBytesPerSecond, value: changedBytesPerSecond.value * 86_400 };
  return { vmKey, vm: placed.vm, allocatedBytes, changedBytesPerDay };
}

function nodesOf({ nodes, nodeMemory }: SizeCommandInput): StampNodes | null {
  if (nodes === undefined || nodeMemory === undefined) return null;
  return { nodeCount: assumeFigure(nodes, nodes, ""), memoryGiBPerNode: assumeFigure(nodeMemory, nodeMemory, "") };
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
