import type { Finding } from "../findings/finding.ts";
import { decideSurvival } from "../objectives/scenario.ts";
import type { Place, Scenario, SourcePlace } from "../objectives/scenario.ts";

const judged: readonly Scenario[] = ["stamp", "site", "ransomware"];

const named: Readonly<Record<string, string>> = {
  stamp: "the loss of its stamp",
  site: "the loss of its site",
  ransomware: "an attacker who can write to it",
};

/** Findings where every target of an application shares the fate of a source. */
export function findSharedFate(
  application: string,
  sources: readonly SourcePlace[],
  targets: readonly Place[],
): readonly Finding[] {
  if (targets.length === 0)
    return [
      {
        kind: "no-target",
        severity: "warns",
        subject: application,
        message: "no place is known where its recovery points could lie",
        advice: "Make a repository, away from the stamp.",
      },
    ];
  return judged.flatMap((scenario) => {
    const reasons = new Set<string>();
    for (const source of sources) {
      const survivals = targets.map((target) => decideSurvival(target, source, scenario));
      if (survivals.some(({ survives }) => survives)) continue;
      survivals.forEach((survival) => void (survival.survives || reasons.add(survival.reason)));
    }
    if (reasons.size === 0) return [];
    return [
      {
        kind: `target-shares-fate-${scenario}`,
        severity: "warns" as const,
        subject: application,
        message: `no target outlives ${named[scenario]}: ${[...reasons].join("; ")}`,
        advice:
          scenario === "ransomware"
            ? "Keep a copy in a store that locks what is written, with credentials of its own."
            : "Keep a copy on another stamp or outside, and enter where each place is.",
      },
    ];
  });
}
