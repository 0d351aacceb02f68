import type { Finding } from "../findings/finding.ts";
import type { Objectives } from "../objectives/objectives.ts";
import type { Incident, RecoveryKind } from "./incident.ts";
import { judgeRecoveriesByScenario } from "./judge-by-scenario.ts";
import { summarizeRecoveries } from "./summarize-recoveries.ts";
import type { RecoverySummary } from "./summarize-recoveries.ts";

export const recoveryKinds: readonly RecoveryKind[] = ["incident", "stamp-drill", "loopback-proof"];

/** Kinds of findings that say an objective of recovery is breached, not only at risk. */
export const disruptionKinds: ReadonlySet<string> = new Set([
  "unacceptable-disruption",
  "outage-over-rto",
  "never-recovered",
]);

/** The recoveries of one application, of each kind apart, against its RTO. */
export interface ApplicationRecoveries {
  readonly application: string;
  /** Null where nobody has said what outage is tolerated. */
  readonly rtoMs: number | null;
  readonly kinds: Readonly<Record<RecoveryKind, RecoverySummary>>;
  readonly findings: readonly Finding[];
}

/** Summarizes and judges the recoveries of one application. */
export function recoveriesOf(
  application: string,
  incidents: readonly Incident[],
  { objectives, nowMs }: { readonly objectives: Objectives | null; readonly nowMs: number },
): ApplicationRecoveries {
  const own = incidents.filter((one) => one.application === application);
  return {
    application,
    rtoMs: objectives?.rtoMs ?? null,
    kinds: {
      incident: summarizeRecoveries(own, "incident"),
      "stamp-drill": summarizeRecoveries(own, "stamp-drill"),
      "loopback-proof": summarizeRecoveries(own, "loopback-proof"),
    },
    findings: objectives === null ? [] : judgeRecoveriesByScenario(application, own, { objectives, nowMs }),
  };
}
