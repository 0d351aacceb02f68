import type { DurationSummary } from "../recovery-time/summarize-durations.ts";
import type { AchievedLoss } from "./achieved-loss.ts";
import { toleranceIn } from "./objectives.ts";
import type { Objectives } from "./objectives.ts";
import { scenarios } from "./scenario.ts";
import type { Scenario } from "./scenario.ts";

/** `unproven` was never tried; `borne` is a loss that the owner has accepted in writing. */
export type ObjectiveVerdict = "met" | "missed" | "unproven" | "borne";

/** Tolerated against achieved in one scenario. Spans in milliseconds. */
export interface ObjectiveComparison {
  readonly scenario: Scenario;
  readonly rpo: {
    readonly toleratedMs: number | null;
    /** Null: nothing bounds the loss. */
    readonly achievedMs: number | null;
    readonly ageMs: number | null;
    readonly verdict: ObjectiveVerdict;
  };
  readonly rto: {
    readonly toleratedMs: number | null;
    /** Null: no recovery from this scenario is on record. */
    readonly achieved: DurationSummary | null;
    readonly verdict: ObjectiveVerdict;
    /** Mean above what is tolerated. */
    readonly isUnacceptableDisruption: boolean;
  };
  readonly reasons: readonly string[];
}

export interface AchievedEvidence {
  readonly losses: readonly AchievedLoss[];
  /** Recoveries on record by scenario: incidents and drills on stamps, not proofs on loopback. */
  readonly recoveries: Readonly<Partial<Record<Scenario, DurationSummary>>>;
}

/**
 * Compares what is tolerated with what was achieved, scenario by scenario. A loss without bound misses every RPO. An RTO is
 * met when the slowest recovery on record met it, missed when any did not, and unproven while there is none.
 */
export function compareObjectives(
  objectives: Objectives,
  { losses, recoveries }: AchievedEvidence,
): readonly ObjectiveComparison[] {
  return scenarios.map((scenario) => {
    const tolerance = toleranceIn(objectives, scenario);
    const loss = losses.find((one) => one.scenario === scenario);
    const recovery = recoveries[scenario] ?? null;
    const achievedMs = loss?.worstLossMs ?? null;
    const exception = objectives.exceptions?.[scenario];
    const borne = exception !== undefined && "borne" in exception ? [`borne by the owner: ${exception.borne}`] : [];
    return {
      scenario,
      rpo: {
        toleratedMs: tolerance?.rpoMs ?? null,
        achievedMs,
        ageMs: loss?.ageMs ?? null,
        verdict: verdictOf(tolerance?.rpoMs ?? null, loss === undefined ? "unproven" : (achievedMs ?? Infinity)),
      },
      rto: {
        toleratedMs: tolerance?.rtoMs ?? null,
        achieved: recovery,
        verdict: verdictOf(tolerance?.rtoMs ?? null, recovery?.maxMs ?? "unproven"),
        isUnacceptableDisruption: tolerance !== null && recovery !== null && recovery.meanMs > tolerance.rtoMs,
      },
      reasons: [...borne, ...(loss?.reasons ?? [])],
    };
  });
}

function verdictOf(toleratedMs: number | null, achievedMs: number | "unproven"): ObjectiveVerdict {
  if (toleratedMs === null) return "borne";
  if (achievedMs === "unproven") return "unproven";
  return achievedMs <= toleratedMs ? "met" : "missed";
}
