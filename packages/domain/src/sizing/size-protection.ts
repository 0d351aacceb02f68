import { reckonFigure } from "../evidence/figure.ts";
import type { Figure } from "../evidence/figure.ts";
import type { Finding } from "../findings/finding.ts";
import type { QuotaUsage, VmSize } from "../inventory/capability.ts";
import type { VmConfiguration } from "../inventory/vm.ts";
import type { WorkRates } from "../physics/application-load.ts";
import type { RetentionRules } from "../retention/decide-retention.ts";
import { judgeNodeCapacity } from "./node-capacity.ts";
import type { NodeCapacity, StampNodes } from "./node-capacity.ts";
import { planWaves } from "./plan-waves.ts";
import type { Wave } from "./plan-waves.ts";
import { predictGrowth } from "./repository-growth.ts";
import type { RepositoryGrowth } from "./repository-growth.ts";
import { documentedQuotas, judgeTargetQuota, targetNeeds } from "./target-needs.ts";
import type { TargetNeeds } from "./target-needs.ts";

/** One VM that is to be protected, with what is known of its data. */
export interface SizedVm {
  readonly vmKey: string;
  readonly vm: VmConfiguration;
  readonly priority: number;
  readonly allocatedBytes: Figure;
  readonly changedBytesPerDay: Figure;
}

export interface SizeInput {
  readonly vms: readonly SizedVm[];
  readonly rates: Pick<WorkRates, "captureRate" | "slots" | "link" | "storedRatio">;
  /** How long a wave may take, in milliseconds, and how many VMs it may hold. */
  readonly windowMs: number;
  readonly maxVmsPerWave: number;
  readonly rules: RetentionRules;
  readonly everyMs: number;
  readonly nowMs: number;
  /** Sizes that the target offers; empty where nobody has asked it. */
  readonly sizes: readonly VmSize[];
  /** Quotas of the target; null where nobody has asked it: documented defaults are taken. */
  readonly usages: readonly QuotaUsage[] | null;
  /** Null where nobody has entered them. */
  readonly nodes: StampNodes | null;
}

/** How large protection gets. Bytes and milliseconds. */
export interface ProtectionSize {
  readonly vmCount: number;
  readonly firstFullBytes: Figure;
  /** Time of all waves together, without the hours between windows. */
  readonly firstFullMs: Figure;
  readonly waves: readonly Wave[];
  readonly afterAYear: RepositoryGrowth;
  readonly target: TargetNeeds;
  /** Null where nodes or sizes are not known. */
  readonly nodes: NodeCapacity | null;
  readonly findings: readonly Finding[];
}

const yearMs = 365 * 86_400_000;

/** Answers how large the protection of these VMs gets. */
export function sizeProtection(input: SizeInput): ProtectionSize {
  const { vms, rates, sizes, usages } = input;
  const firstFullBytes = sumOf(
    vms.map((one) => one.allocatedBytes),
    "allocated bytes",
  );
  const waves = wavesOf(input);
  const known = [
    firstFullBytes,
    rates.captureRate,
    rates.slots,
    ...(rates.link === null ? [] : [rates.link, rates.storedRatio]),
  ];
  const needs = targetNeeds(
    vms.map(({ vm }) => vm),
    sizes,
  );
  return {
    vmCount: vms.length,
    firstFullBytes,
    firstFullMs: reckonFigure(
      waves.reduce((sum, { durationMs }) => sum + durationMs, 0),
      known,
      "waves one after the other",
    ),
    waves,
    afterAYear: growthOf(input, firstFullBytes),
    target: needs,
    nodes: nodesOf(input),
    findings: [
      ...waves.flatMap(longWave),
      ...judgeTargetQuota("target", needs, {
        usages: usages ?? documentedQuotas,
        provenance: usages === null ? "documented" : "probed",
      }),
      ...unknownSizes(needs),
    ],
  };
}

function wavesOf({ vms, rates, windowMs, maxVmsPerWave }: SizeInput): readonly Wave[] {
  const fulls = vms.map(({ vmKey, allocatedBytes, priority }) => ({
    vmKey,
    readBytes: allocatedBytes.value,
    priority,
  }));
  return planWaves(fulls, {
    slots: rates.slots.value,
    captureRate: rates.captureRate.value,
    linkRate: rates.link?.value ?? null,
    storedRatio: rates.storedRatio.value,
    windowMs,
    maxVms: maxVmsPerWave,
  });
}

function growthOf({ vms, rates, rules, everyMs, nowMs }: SizeInput, allocatedBytes: Figure): RepositoryGrowth {
  return predictGrowth({
    allocatedBytes,
    changedBytesPerDay: sumOf(
      vms.map((one) => one.changedBytesPerDay),
      "changed bytes a day",
    ),
    fullRatio: rates.storedRatio,
    changeRatio: rates.storedRatio,
    rules,
    everyMs,
    firstAtMs: nowMs,
    forMs: yearMs,
  });
}

/** Nothing is nothing for sure. */
function sumOf(figures: readonly Figure[], source: string): Figure {
  if (figures.length === 0) return { value: 0, provenance: "measured", source };
  return reckonFigure(
    figures.reduce((sum, { value }) => sum + value, 0),
    figures,
    source,
  );
}

function nodesOf({ nodes, sizes, vms }: SizeInput): NodeCapacity | null {
  if (nodes === null) return null;
  const memoryOf = new Map(sizes.map(({ name, memoryMiB }) => [name.toLowerCase(), memoryMiB / 1024]));
  const memories = vms.map(({ vm }) => memoryOf.get(vm.sizeName.toLowerCase()));
  if (memories.includes(undefined)) return null;
  const known = memories.map((memory) => memory ?? 0);
  const probed = (value: number, source: string): Figure => ({ value, provenance: "probed", source });
  return judgeNodeCapacity(nodes, {
    vmCount: vms.length,
    memoryGiB: probed(
      known.reduce((sum, one) => sum + one, 0),
      "sizes that the stamp offers",
    ),
    largestVmGiB: probed(
      known.reduce((most, one) => Math.max(most, one), 0),
      "sizes that the stamp offers",
    ),
  });
}

function longWave({ vmKeys, isLongerThanWindow }: Wave): readonly Finding[] {
  if (!isLongerThanWindow) return [];
  return [
    {
      kind: "window-too-short",
      severity: "warns",
      subject: vmKeys[0] ?? "",
      message: "its first full capture alone takes longer than a window",
      advice: "Open the window for the first capture, or bring the first copy on a carried disk.",
    },
  ];
}

function unknownSizes({ unknownSizes: names }: TargetNeeds): readonly Finding[] {
  if (names.length === 0) return [];
  return [
    {
      kind: "vm-size-unknown",
      severity: "notes",
      subject: "target",
      message: `cores and memory are not known of ${names.join(", ")}`,
      advice: "Ask the target stamp for the sizes that it offers.",
    },
  ];
}
