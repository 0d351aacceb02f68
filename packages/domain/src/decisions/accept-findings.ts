import { formatInstant } from "@holdfast/kernel";
import type { Finding } from "../findings/finding.ts";
import type { AcceptedFinding } from "./application-decisions.ts";

/**
 * Marks findings that somebody bears. An accepted finding is told still, as a note with who bears it and until when; what
 * blocks goes on to block. An acceptance that has ended is a finding of its own while what it bore is still found.
 */
export function acceptFindings(
  findings: readonly Finding[],
  accepted: readonly AcceptedFinding[],
  nowMs: number,
): readonly Finding[] {
  return findings.flatMap((finding) => {
    const by = accepted.find((one) => one.finding === finding.kind);
    if (by === undefined) return [finding];
    const until = formatInstant(by.expiresAtMs).slice(0, 10);
    if (by.expiresAtMs <= nowMs)
      return [
        finding,
        {
          kind: "acceptance-ended",
          severity: "warns",
          subject: finding.subject,
          message: `${by.owner} accepted ${finding.kind} until ${until}: ${by.reason}`,
          advice: `Ask ${by.owner} again, or do away with what was found.`,
        } as const,
      ];
    const severity = finding.severity === "blocks" ? "blocks" : "notes";
    const message = `${finding.message} (accepted by ${by.owner} until ${until}: ${by.reason})`;
    return [{ ...finding, severity, message }];
  });
}
