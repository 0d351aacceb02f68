import { formatDuration } from "@holdfast/kernel";
import type { Finding } from "../findings/finding.ts";
import type { Scenario } from "../objectives/scenario.ts";
import { milestones } from "./incident.ts";
import type { Incident, RecoveryKind } from "./incident.ts";
import { summarizeDurations } from "./summarize-durations.ts";
import type { DurationSummary } from "./summarize-durations.ts";

/** The stretches of a recovery; each ends with its milestone. */
export const recoveryPhases = ["detection", "decision", "restore", "boot", "readiness"] as const;
export type RecoveryPhase = (typeof recoveryPhases)[number];

/** One recovery in milliseconds; null while it goes on, and where there was none. */
export function recoveryTimeMs({ startedAtMs, reached, closedAtMs, outcome }: Incident): number | null {
  if (outcome === "false-alarm" || outcome === "given-up") return null;
  const endMs = reached.ready ?? closedAtMs;
  return endMs === null ? null : endMs - startedAtMs;
}

/** The phases whose both ends are known, in milliseconds. The first begins with the disaster. */
export function phasesOf({ startedAtMs, reached }: Incident): Readonly<Partial<Record<RecoveryPhase, number>>> {
  const phases: Partial<Record<RecoveryPhase, number>> = {};
  for (const [i, phase] of recoveryPhases.entries()) {
    const [from, to] = [milestones[i - 1], milestones[i]];
    const fromMs = from === undefined ? startedAtMs : reached[from];
    const toMs = to === undefined ? undefined : reached[to];
    if (fromMs !== undefined && toMs !== undefined) phases[phase] = toMs - fromMs;
  }
  return phases;
}

/** Recoveries of one kind. `recovery.meanMs` is the MTTR. */
export interface RecoverySummary {
  /** Null where none has ended. */
  readonly recovery: DurationSummary | null;
  readonly phases: Readonly<Partial<Record<RecoveryPhase, DurationSummary>>>;
}

/** Summarizes the recoveries of one kind that have ended. */
export function summarizeRecoveries(incidents: readonly Incident[], kind: RecoveryKind): RecoverySummary {
  const ended = incidents.filter((one) => one.kind === kind && recoveryTimeMs(one) !== null);
  const phases: Partial<Record<RecoveryPhase, DurationSummary>> = {};
  for (const phase of recoveryPhases) {
    const summary = summarizeDurations(ended.map((one) => phasesOf(one)[phase]).filter((ms) => ms !== undefined));
    if (summary !== null) phases[phase] = summary;
  }
  return { recovery: summarizeDurations(ended.map(recoveryTimeMs).filter((ms) => ms !== null)), phases };
}

/** Recoveries on record by scenario, for a comparison with objectives: incidents and drills on stamps, not proofs. */
export function recoveriesByScenario(
  incidents: readonly Incident[],
): Readonly<Partial<Record<Scenario, DurationSummary>>> {
  const counting = incidents.filter(({ kind }) => kind !== "loopback-proof");
  const summaries: Partial<Record<Scenario, DurationSummary>> = {};
  for (const [scenario, own] of Map.groupBy(counting, (one) => one.scenario)) {
    const summary = summarizeDurations(own.map(recoveryTimeMs).filter((ms) => ms !== null));
    if (summary !== null) summaries[scenario] = summary;
  }
  return summaries;
}

const named: Readonly<Record<RecoveryKind, string>> = {
  incident: "incidents",
  "stamp-drill": "drills on stamps",
  "loopback-proof": "proofs on loopback",
};

/** Findings of an application's recoveries: an MTTR above the RTO is an unacceptable disruption. */
export function judgeRecoveries(
  application: string,
  incidents: readonly Incident[],
  { rtoMs, nowMs }: { readonly rtoMs: number; readonly nowMs: number },
): readonly Finding[] {
  const own = incidents.filter((one) => one.application === application);
  const tolerated = `the RTO is ${formatDuration(rtoMs)}`;
  const findings: Finding[] = [];
  const warn = (kind: string, message: string, advice: string): void =>
    void findings.push({ kind, severity: "warns", subject: application, message, advice });
  for (const kind of ["incident", "stamp-drill", "loopback-proof"] as const) {
    const { recovery, phases } = summarizeRecoveries(own, kind);
    if (recovery === null) continue;
    const of = `${named[kind]} (${recovery.sampleSize})`;
    if (recovery.meanMs > rtoMs)
      warn(
        "unacceptable-disruption",
        `the MTTR of ${of} is ${formatDuration(recovery.meanMs)}, and ${tolerated}`,
        `Shorten ${longestPhase(phases) ?? "the recovery"}, choose a stronger protection option, or ask for a longer RTO.`,
      );
    else if (recovery.maxMs > rtoMs)
      warn(
        "recovery-over-rto",
        `the slowest of ${of} took ${formatDuration(recovery.maxMs)}, and ${tolerated}`,
        `Look at its phases; the longest on average is ${longestPhase(phases) ?? "not known"}.`,
      );
  }
  for (const one of own.filter(({ kind, outcome }) => kind === "incident" && outcome === "given-up"))
    warn("never-recovered", `incident ${one.id} was given up`, "Find out why, and drill that scenario.");
  for (const one of own.filter(
    ({ kind, closedAtMs, reached }) => kind === "incident" && closedAtMs === null && reached.ready === undefined,
  )) {
    const lastsMs = nowMs - one.startedAtMs;
    if (lastsMs > rtoMs)
      warn(
        "outage-over-rto",
        `the outage of incident ${one.id} lasts ${formatDuration(lastsMs)}, and ${tolerated}`,
        one.declared === null
          ? "Declare it, or close it: the decision counts."
          : "Recover it, then close the incident.",
      );
  }
  return findings;
}

function longestPhase(phases: RecoverySummary["phases"]): RecoveryPhase | null {
  const known = recoveryPhases.filter((phase) => phases[phase] !== undefined);
  const meanOf = (phase: RecoveryPhase): number => phases[phase]?.meanMs ?? 0;
  return known.toSorted((a, b) => meanOf(b) - meanOf(a))[0] ?? null;
}
