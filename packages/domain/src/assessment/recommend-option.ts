import { formatDuration } from "@holdfast/kernel";
import type { Figure } from "../evidence/figure.ts";
import type { Tolerance } from "../objectives/objectives.ts";
import { protectionOptions } from "./protection-option.ts";
import type { ProtectionOption } from "./protection-option.ts";

/** What an option can give, in milliseconds: predicted for this application, or as documented for all. */
export interface OptionReach {
  readonly rtoMs: Figure;
  readonly rpoMs: Figure;
}

const minuteMs = 60_000;
const documented = (value: number, source: string): Figure => ({ value, provenance: "documented", source });
const assumed = (value: number, source: string): Figure => ({ value, provenance: "assumed", source });

/**
 * What the options give where nothing was predicted. The platform's guide says hours for backup and restore, minutes for
 * replication with manual failover, and seconds for high availability; the numbers within these words are assumed.
 */
export const usualReach: Readonly<Record<Exclude<ProtectionOption, "none">, OptionReach>> = {
  "backup-restore": {
    rtoMs: assumed(4 * 60 * minuteMs, "the platform's guide says hours"),
    rpoMs: assumed(60 * minuteMs, "hourly captures"),
  },
  "replication-manual-failover": {
    rtoMs: assumed(30 * minuteMs, "the platform's guide says minutes; VMs are made at failover"),
    rpoMs: assumed(15 * minuteMs, "replication every five minutes over a VPN connection"),
  },
  "high-availability": {
    rtoMs: documented(minuteMs, "the platform's guide says seconds"),
    rpoMs: documented(0, "the application itself writes to several VMs"),
  },
};

export interface OptionInput {
  readonly tolerance: Tolerance;
  /** Why none would do; null where it would not. */
  readonly reasonForNone: string | null;
  /** Predictions for this application; the usual reach is taken for what is left out. */
  readonly reach: Readonly<Partial<Record<ProtectionOption, OptionReach>>>;
  /** Whether another stamp could take the application. */
  readonly hasSecondStamp: boolean;
  /** Whether the application has several VMs behind a probe or in a set, which high availability needs. */
  readonly hasStandIns: boolean;
}

export interface OptionRecommendation {
  readonly option: ProtectionOption;
  readonly reasons: readonly string[];
  /** Whether the option reaches both objectives as far as is known. */
  readonly reachesObjectives: boolean;
  /** What the option needs and the application does not have. */
  readonly needs: readonly string[];
}

/** Recommends the cheapest option that reaches what is tolerated, or the strongest where none does. */
export function recommendOption(input: OptionInput): OptionRecommendation {
  if (input.reasonForNone !== null)
    return { option: "none", reasons: [input.reasonForNone], reachesObjectives: true, needs: [] };
  const reasons: string[] = [];
  for (const option of protectionOptions) {
    if (option === "none") continue;
    const reach = input.reach[option] ?? usualReach[option];
    const shortfalls = shortfallsOf(reach, input.tolerance);
    if (shortfalls.length === 0) {
      reasons.push(`${option} reaches RTO and RPO: ${describeReach(reach)}`);
      return { option, reasons, reachesObjectives: true, needs: needsOf(option, input) };
    }
    reasons.push(`${option} does not: ${shortfalls.join(", ")}`);
  }
  const option = "high-availability";
  return { option, reasons, reachesObjectives: false, needs: needsOf(option, input) };
}

function shortfallsOf({ rtoMs, rpoMs }: OptionReach, tolerance: Tolerance): readonly string[] {
  const over = (name: string, figure: Figure, toleratedMs: number): readonly string[] =>
    figure.value <= toleratedMs
      ? []
      : [`${name} ${describe(figure)} is over the ${formatDuration(toleratedMs)} tolerated`];
  return [...over("recovery time", rtoMs, tolerance.rtoMs), ...over("worst loss", rpoMs, tolerance.rpoMs)];
}

function describeReach({ rtoMs, rpoMs }: OptionReach): string {
  return `recovery time ${describe(rtoMs)}, worst loss ${describe(rpoMs)}`;
}

function describe({ value, provenance }: Figure): string {
  return `${Number.isFinite(value) ? formatDuration(value) : "without bound"} (${provenance})`;
}

function needsOf(option: ProtectionOption, { hasSecondStamp, hasStandIns }: OptionInput): readonly string[] {
  if (option === "replication-manual-failover")
    return hasSecondStamp ? [] : ["a second stamp with room and quota for it"];
  if (option === "high-availability")
    return [
      ...(hasStandIns ? [] : ["VMs that stand in for each other, in an availability set and behind a probe"]),
      "backup as well: high availability copies mistakes and attacks at once",
    ];
  return [];
}
