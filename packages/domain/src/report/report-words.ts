import type { Finding } from "../findings/finding.ts";
import type { Objectives } from "../objectives/objectives.ts";
import type { RecoveryKind } from "../recovery-time/incident.ts";
import { formatDay, formatSpan } from "./objective-fields.ts";
import type { PlannedApplication } from "./plan-model.ts";

export const kindNames: Readonly<Record<RecoveryKind, string>> = {
  incident: "incidents",
  "stamp-drill": "drills on stamps",
  "loopback-proof": "proofs on loopback",
};

/** `1 VM`, `2 VMs`. */
export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** Who signed, in a few words. */
export function signatureOf({ signOff }: Objectives): string {
  return signOff === null ? "NO" : `${signOff.by}, ${formatDay(signOff.atMs)}`;
}

/** One application in the cells of an overview: name, owner, RTO, RPO, signature, review, option. */
export function summaryCells({ application, objectives, waiver, assessment }: PlannedApplication): readonly string[] {
  const option = assessment.recommendation?.option;
  return [
    application.name,
    application.owner === "" ? "nobody" : application.owner,
    objectives === null ? "nobody has said" : formatSpan(objectives.rtoMs),
    objectives === null ? "nobody has said" : formatSpan(objectives.rpoMs),
    objectives === null ? "" : signatureOf(objectives),
    objectives === null ? "" : formatDay(objectives.reviewByMs),
    assessment.isWaived && waiver !== null ? `none until ${formatDay(waiver.expiresAtMs)}` : (option ?? "undecided"),
  ];
}

/** Findings as rows of a table: the gravest first. */
export function findingRows(findings: readonly Finding[]): readonly (readonly string[])[] {
  const order: readonly Finding["severity"][] = ["blocks", "warns", "notes"];
  return findings
    .toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
    .map(({ kind, severity, subject, message, advice }) => [kind, severity, `${subject}: ${message}`, advice]);
}
