import { formatDuration, formatInstant } from "@holdfast/kernel";
import { isWaiverValid } from "../assessment/judge-none.ts";
import type { Finding, FindingSeverity } from "../findings/finding.ts";
import { problemOfRetention } from "../retention/decide-retention.ts";
import { createOpenTimes } from "../schedule/open-times.ts";
import type { Policy, PolicyApplication, PolicySet } from "./policy-set.ts";

/** What is wrong with policies themselves, before any VM is looked at. What `blocks` is never applied. */
export function judgePolicies(set: PolicySet, nowMs: number): readonly Finding[] {
  return [
    ...set.policies.flatMap((policy) => judgePolicy(policy, set, nowMs)),
    ...set.applications.flatMap((application) => judgeApplication(application, set, nowMs)),
  ];
}

function collect(subject: string) {
  const findings: Finding[] = [];
  const add = (severity: FindingSeverity, kind: string, message: string, advice: string): void =>
    void findings.push({ kind, severity, subject, message, advice });
  return { findings, add };
}

function judgePolicy(policy: Policy, { applications }: PolicySet, nowMs: number): readonly Finding[] {
  const { name, intervalMs, retention, repository, copies, calendar } = policy;
  const { findings, add } = collect(name);
  const problem = problemOfRetention(retention);
  if (problem !== null) add("blocks", "policy-keeps-nothing", problem, "Give rules that keep something.");
  if (!applications.some((one) => one.policy === name))
    add("notes", "policy-unused", "no application is under this policy", "Drop it, or put an application under it.");
  for (const copy of copies) {
    if (copy.repository === repository)
      add("blocks", "copy-on-itself", `it copies ${repository} to itself`, "Name another repository.");
    if (copy.everyMs < intervalMs)
      add(
        "warns",
        "copy-too-often",
        `it copies every ${formatDuration(copy.everyMs)}, and captures every ${formatDuration(intervalMs)}`,
        "Copy as often as it captures, or more seldom.",
      );
  }
  if (createOpenTimes(calendar).next(nowMs) === null)
    add("blocks", "window-never-opens", "its windows and blackouts leave no time to begin in", "Give it a window.");
  for (const { startMs, endMs, why } of calendar.blackouts)
    if (endMs <= nowMs)
      add("notes", "blackout-over", `the blackout "${why}" of ${formatInstant(startMs)} is over`, "Drop it.");
  return findings;
}

function judgeApplication(application: PolicyApplication, { policies }: PolicySet, nowMs: number): readonly Finding[] {
  const { name, policy: policyName, waiver, tolerance } = application;
  const { findings, add } = collect(name);
  const policy = policies.find((one) => one.name === policyName);
  if (policyName !== null && policy === undefined)
    add("blocks", "policy-unknown", `there is no policy ${policyName}`, "Define it, or name another.");
  if (policyName === null && waiver === null)
    add(
      "warns",
      "none-without-waiver",
      "it has no policy, and nobody has said why",
      "Give reason, owner and end date.",
    );
  const owner = waiver?.owner || "its owner";
  if (waiver !== null && !isWaiverValid(waiver, nowMs))
    add("warns", "waiver-expired", "its waiver has ended or is incomplete", `Ask ${owner} again.`);
  if (policy === undefined) return findings;
  if (tolerance === null)
    add(
      "notes",
      "objectives-missing",
      "it has no RTO and RPO in this file",
      "Give them, or have them signed by `holdfast objectives`.",
    );
  else if (policy.intervalMs >= tolerance.rpoMs)
    add(
      "blocks",
      "policy-misses-rpo",
      `${policy.name} captures every ${formatDuration(policy.intervalMs)}, and the RPO is ${formatDuration(tolerance.rpoMs)}: the loss is the interval and the way of the next point`,
      `Capture more often than every ${formatDuration(tolerance.rpoMs)}.`,
    );
  return findings;
}
