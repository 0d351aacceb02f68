import { formatDuration } from "@holdfast/kernel";
import type { Figure } from "../evidence/figure.ts";
import { decideSurvival } from "./scenario.ts";
import type { Place, Scenario, SourcePlace } from "./scenario.ts";
import { measureCopyLoss } from "./worst-loss.ts";
import type { UsableCopy } from "./worst-loss.ts";

/** One recovery point at one place. */
export interface PointCopy extends UsableCopy {
  readonly pointId: string;
  readonly place: Place;
}

/** A VM of an application and all copies of its points. */
export interface InstanceEvidence {
  readonly instanceKey: string;
  readonly source: SourcePlace;
  readonly copies: readonly PointCopy[];
}

export interface LossEvidence {
  readonly instances: readonly InstanceEvidence[];
  readonly nowMs: number;
  /** How far back moments count, in milliseconds. Copies from before count by what they hold. */
  readonly windowMs: number;
  /** How long an attacker was in before anybody noticed, in milliseconds. */
  readonly dwellMs: Figure;
}

/** What an application would have lost in a scenario. */
export interface AchievedLoss {
  readonly scenario: Scenario;
  /** Null: nothing bounds the loss, because a VM has no copy that counts. */
  readonly worstLossMs: number | null;
  readonly ageMs: number | null;
  /** The VMs to which the figures belong. */
  readonly worstInstanceKeys: readonly string[];
  /** Names of the places whose copies count. */
  readonly placeNames: readonly string[];
  /** Why other copies do not count, and what was assumed. */
  readonly reasons: readonly string[];
}

/** Achieved worst loss of an application in one scenario, from the points there are. */
export function achievedLoss(evidence: LossEvidence, scenario: Scenario): AchievedLoss {
  const { nowMs, windowMs, dwellMs } = evidence;
  const isAttack = scenario === "ransomware";
  const reasons = new Set<string>();
  const placeNames = new Set<string>();
  const losses = evidence.instances.map(({ instanceKey, source, copies }) => {
    const surviving = copies.filter(({ place }) => {
      const survival = decideSurvival(place, source, scenario);
      if (survival.survives) placeNames.add(place.name);
      else reasons.add(survival.reason);
      return survival.survives;
    });
    // What was captured while an attacker was in is not to be trusted: a copy counts only when it is older than that.
    const trusted = isAttack ? surviving.map((copy) => delayed(copy, dwellMs.value)) : surviving;
    return { instanceKey, ...measureCopyLoss(trusted, { fromMs: nowMs - windowMs, nowMs }) };
  });
  if (isAttack)
    reasons.add(`an attacker is taken to be in for ${formatDuration(dwellMs.value)} unnoticed (${dwellMs.provenance})`);
  const worstLossMs = worst(losses.map((loss) => loss.worstLossMs));
  return {
    scenario,
    worstLossMs,
    ageMs: worst(losses.map((loss) => loss.ageMs)),
    worstInstanceKeys: losses.filter((loss) => loss.worstLossMs === worstLossMs).map((loss) => loss.instanceKey),
    placeNames: [...placeNames].sort(),
    reasons: [...reasons].sort(),
  };
}

function delayed(copy: PointCopy, byMs: number): UsableCopy {
  return { ...copy, usableAtMs: copy.usableAtMs + byMs };
}

/** The largest; null (unbounded) where any is, and where there is none. */
function worst(losses: readonly (number | null)[]): number | null {
  const known = losses.filter((loss) => loss !== null);
  return known.length === 0 || known.length < losses.length ? null : Math.max(...known);
}
