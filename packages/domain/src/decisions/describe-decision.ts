import { assertNever, formatInstant } from "@holdfast/kernel";
import { formatDay, formatSpan } from "../report/objective-fields.ts";
import type { RecordedDecision } from "./decision.ts";

/** One decision in a line. */
export function describeDecision(decision: RecordedDecision): string {
  switch (decision.kind) {
    case "interviewed":
      return Object.entries(decision.answers)
        .map(([id, value]) => `${id}=${value}`)
        .join(" ");
    case "objectives-set": {
      const { rtoMs, rpoMs, owner } = decision.objectives;
      return `RTO ${formatSpan(rtoMs)}, RPO ${formatSpan(rpoMs)}, owner ${owner === "" ? "nobody" : owner}`;
    }
    case "signed":
      return `entry ${decision.objectivesNumber}, by ${decision.by}, review by ${formatDay(decision.reviewByMs)}`;
    case "none-decided":
      return `until ${formatDay(decision.expiresAtMs)}, by ${decision.owner}: ${decision.reason}`;
    case "none-withdrawn":
      return decision.reason;
    case "redeployment-timed": {
      const { durationMs, atMs, wasWithoutUplink } = decision.redeployment;
      return `${formatSpan(durationMs)}, ${formatInstant(atMs)}, ${wasWithoutUplink ? "without" : "with"} uplink`;
    }
    case "finding-accepted":
      return `${decision.finding} until ${formatDay(decision.expiresAtMs)}, by ${decision.owner}: ${decision.reason}`;
    case "acceptance-withdrawn":
      return `${decision.finding}: ${decision.reason}`;
    case "contact-set":
      return `${decision.contact.name} (${decision.contact.role}): ${decision.contact.reach}`;
    case "contact-removed":
      return decision.name;
    case "recovery-noted": {
      const { dependsOn, startOrder, steps, secrets } = decision.notes;
      return `after ${dependsOn.length} applications, ${startOrder.flat().length} VMs in order, ${steps.length} steps, ${secrets.length} secrets placed`;
    }
  }
  return assertNever(decision);
}
