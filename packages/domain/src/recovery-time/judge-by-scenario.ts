import type { Finding } from "../findings/finding.ts";
import { toleranceIn } from "../objectives/objectives.ts";
import type { Objectives } from "../objectives/objectives.ts";
import type { Incident } from "./incident.ts";
import { judgeRecoveries } from "./summarize-recoveries.ts";

/**
 * Judges an application's recoveries by its objectives. Scenarios that share an RTO are judged together, so that an MTTR
 * has as many samples as there are; a scenario whose loss is borne has no RTO to be judged by.
 */
export function judgeRecoveriesByScenario(
  application: string,
  incidents: readonly Incident[],
  { objectives, nowMs }: { readonly objectives: Objectives; readonly nowMs: number },
): readonly Finding[] {
  const groups = Map.groupBy(incidents, ({ scenario }) => toleranceIn(objectives, scenario)?.rtoMs ?? null);
  return [...groups].flatMap(([rtoMs, own]) =>
    rtoMs === null ? [] : judgeRecoveries(application, own, { rtoMs, nowMs }),
  );
}
