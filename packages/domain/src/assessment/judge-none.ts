import { formatDuration, formatInstant } from "@holdfast/kernel";
import type { Finding } from "../findings/finding.ts";
import type { ApplicationFacts, TimedRedeployment, Waiver } from "./protection-option.ts";

export interface NoneInput {
  readonly application: string;
  readonly facts: ApplicationFacts;
  readonly rtoMs: number | null;
  readonly redeployments: readonly TimedRedeployment[];
  /** Whether the stamp may be cut off from where its pipeline runs. */
  readonly mayBeDisconnected: boolean;
  readonly waiver: Waiver | null;
  readonly nowMs: number;
}

/** Whether an application can do without protection, and what is missing for it. */
export interface NoneJudgement {
  /** Null: nothing speaks for leaving it unprotected. */
  readonly reason: string | null;
  readonly findings: readonly Finding[];
}

/**
 * Judges whether an application is proposed for no protection: it holds no state, is for development, or is deployed again
 * by a pipeline. The last counts only with a timed redeployment on record that met the RTO.
 */
export function judgeNone(input: NoneInput): NoneJudgement {
  const { facts, application: subject } = input;
  const findings: Finding[] = [];
  const reason = reasonForNone(input, findings);
  const { waiver, nowMs } = input;
  if (waiver === null) {
    if (reason !== null)
      findings.push({
        kind: "none-without-waiver",
        severity: "warns",
        subject,
        message: "no owner has said that it needs no protection, with a reason and an end",
        advice: "Record reason, owner and end date, or protect it.",
      });
    return { reason, findings };
  }
  if (waiver.reason.trim() === "" || waiver.owner.trim() === "")
    findings.push({
      kind: "waiver-incomplete",
      severity: "warns",
      subject,
      message: "the waiver lacks its reason or its owner",
      advice: "Complete it; until then the application counts as unprotected.",
    });
  else if (waiver.expiresAtMs <= nowMs)
    findings.push({
      kind: "waiver-expired",
      severity: "warns",
      subject,
      message: `the waiver ended ${formatInstant(waiver.expiresAtMs)}`,
      advice: `Ask ${waiver.owner} again.`,
    });
  else if (reason === null && facts.state === "stateful")
    findings.push({
      kind: "waiver-against-facts",
      severity: "warns",
      subject,
      message: `it holds state, and ${waiver.owner} has waived its protection: ${waiver.reason}`,
      advice: "Ask the owner whether the data can be lost.",
    });
  return { reason, findings };
}

/** Whether an owner's waiver stands: complete and not ended. */
export function isWaiverValid(waiver: Waiver | null, nowMs: number): waiver is Waiver {
  return waiver !== null && waiver.reason.trim() !== "" && waiver.owner.trim() !== "" && waiver.expiresAtMs > nowMs;
}

function reasonForNone(input: NoneInput, findings: Finding[]): string | null {
  const { facts, rtoMs, redeployments, mayBeDisconnected, application: subject } = input;
  if (facts.state === "stateful") return null;
  if (facts.state === "stateless") return "its owner says that it holds no state";
  if (facts.state === "redeployable") {
    const last = redeployments.toSorted((a, b) => b.atMs - a.atMs)[0];
    const refuse = (kind: string, message: string, advice: string): null => {
      findings.push({ kind, severity: "warns", subject, message, advice });
      return null;
    };
    if (last === undefined)
      return refuse("redeployment-untimed", "no redeployment was ever timed", "Redeploy it once against the clock.");
    const tookMs = last.durationMs;
    if (rtoMs !== null && tookMs > rtoMs)
      return refuse(
        "redeployment-too-slow",
        `the last redeployment took ${formatDuration(tookMs)}, and the RTO is ${formatDuration(rtoMs)}`,
        "Make the redeployment faster, or protect it.",
      );
    if (mayBeDisconnected && !last.wasWithoutUplink)
      return refuse(
        "redeployment-needs-uplink",
        "the stamp may be disconnected, and the last redeployment used a connection out of the site",
        "Time a redeployment with the uplink cut, or protect it.",
      );
    return `its last redeployment took ${formatDuration(tookMs)}`;
  }
  return facts.environment === "development" ? "it is for development" : null;
}
