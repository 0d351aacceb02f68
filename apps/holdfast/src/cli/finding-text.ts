import type { Finding } from "@holdfast/domain";

/** Findings for people: what, and what can be done. Empty for none; begins with an empty line. */
export function formatFindings(findings: readonly Finding[]): string {
  return findings
    .map(({ severity, subject, message, advice }) => `\n${severity}: ${subject}: ${message}\n  next: ${advice}\n`)
    .join("");
}
