import { formatDuration } from "@holdfast/kernel";
import type { Finding } from "../findings/finding.ts";
import type { Objectives } from "../objectives/objectives.ts";

/** Where an application's objectives come from; `both` is a record and an applied policy file. */
export type ObjectivesSource = "recorded" | "policy" | "both" | "tags";

export interface JoinedObjectives {
  /** Null where nobody has said anything. */
  readonly objectives: Objectives | null;
  readonly source: ObjectivesSource | null;
  readonly findings: readonly Finding[];
}

/**
 * Joins what is known of one application's objectives by the rules of docs/objectives.md: tags count only where nothing
 * else does; where a record and a policy file differ, the stricter RTO and the stricter RPO hold, and that is a finding.
 */
export function joinObjectives(
  application: string,
  known: {
    readonly recorded?: Objectives | null;
    readonly policy?: Objectives | null;
    readonly tags?: Objectives | null;
  },
): JoinedObjectives {
  const { recorded = null, policy = null, tags = null } = known;
  if (recorded === null)
    return policy === null
      ? { objectives: tags, source: tags === null ? null : "tags", findings: [] }
      : { objectives: policy, source: "policy", findings: [] };
  if (policy === null) return { objectives: recorded, source: "recorded", findings: [] };
  // A stricter objective stays within what the owner has signed that they tolerate.
  const objectives = {
    ...recorded,
    rtoMs: Math.min(recorded.rtoMs, policy.rtoMs),
    rpoMs: Math.min(recorded.rpoMs, policy.rpoMs),
  };
  const findings = (["rto", "rpo"] as const).flatMap((name) => {
    const [own, other] = [recorded[`${name}Ms`], policy[`${name}Ms`]];
    return own === other ? [] : [differs(application, name.toUpperCase(), own, other)];
  });
  return { objectives, source: "both", findings };
}

function differs(subject: string, name: string, recordedMs: number, policyMs: number): Finding {
  return {
    kind: "objectives-differ",
    severity: "warns",
    subject,
    message: `the recorded ${name} is ${formatDuration(recordedMs)} and that of the policy file ${formatDuration(policyMs)}; the stricter holds`,
    advice: "Change the policy file, or have the owner sign what it says.",
  };
}
