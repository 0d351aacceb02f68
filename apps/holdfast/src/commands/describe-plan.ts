import type { Figure, VmChange } from "@holdfast/domain";
import { formatBytes, formatDuration, formatInstant } from "@holdfast/kernel";
import { formatFindings } from "../cli/finding-text.ts";
import { formatFields, formatTable } from "../cli/table.ts";
import type { PolicyPlan } from "../selection/policy-plan.ts";

/** A plan for people. */
export function describePlan(plan: PolicyPlan): string {
  const { vmCount, protectedCount, unclassifiedCount, changes, leftOut, waves } = plan;
  const figure = ({ value, provenance }: Figure): string => `${formatBytes(value)} (${provenance})`;
  const { before, after } = plan.storedAfterAYear;
  const fields: (readonly [string, string])[] = [
    ["unclassified", `${unclassifiedCount} of ${vmCount} VMs belong to no application`],
    ["protected", `${protectedCount} VMs; ${leftOut.length} are left out with a reason`],
    [
      "first captures",
      `${figure(plan.firstFullBytes)}${waves.length === 0 ? "" : `, in ${waves.length} ${waves.length === 1 ? "wave" : "waves"}`}`,
    ],
    [
      "after a year",
      `${before === null ? "nothing" : figure(before)} before, ${after === null ? "nothing" : figure(after)} then`,
    ],
    ["digest", plan.digest],
  ];
  const parts = [formatFields(fields)];
  if (changes.length === 0)
    parts.push(
      plan.isChange ? "No VM is protected in another way; the file itself is new.\n" : "Nothing would change.\n",
    );
  else
    parts.push(
      formatTable(
        ["VM", "APPLICATION", "CHANGE"],
        changes.map((one) => [one.key, one.application, describeChange(one)]),
      ),
    );
  parts.push(...describeForecast(plan));
  parts.push(formatFindings(plan.findings));
  if (plan.isBlocked) parts.push("Something blocks this plan: it cannot be applied.\n");
  else if (plan.needsConsent.length > 0)
    parts.push(
      `These lose protection, and need consent by name: ${plan.needsConsent.map((name) => `--consent-unprotect ${JSON.stringify(name)}`).join(" ")}\n`,
    );
  return parts.filter((part) => part !== "").join("\n");
}

function describeForecast({ waves, predictions }: PolicyPlan): string[] {
  const parts: string[] = [];
  if (waves.length > 0)
    parts.push(
      formatTable(
        ["WAVE", "VMS", "READS", "FROM", "TO"],
        waves.map(({ stampName, number, vmKeys, readBytes, startMs, endMs }) => [
          `${stampName} ${number}`,
          String(vmKeys.length),
          formatBytes(readBytes),
          startMs === null ? "never" : formatInstant(startMs),
          endMs === null ? "never" : formatInstant(endMs),
        ]),
      ),
    );
  if (predictions.length > 0)
    parts.push(
      formatTable(
        ["APPLICATION", "WORST LOSS", "RECOVERY"],
        predictions.map(({ application, before: was, after: then }) => [
          application,
          change(was?.lossMs ?? null, then.lossMs),
          change(was?.recoveryMs ?? null, then.recoveryMs),
        ]),
      ),
    );
  return parts;
}

const wayWords = { agent: "it needs the agent", "application-level": "its application has to protect it" } as const;

function describeChange(one: VmChange): string {
  switch (one.kind) {
    case "protect":
      return one.way === "agentless"
        ? `protected by ${one.policy}`
        : `under ${one.policy}, and not captured: ${wayWords[one.way]}`;
    case "unprotect":
      return `no longer protected: ${one.reason}`;
    case "change-policy":
      return `from ${one.from} to ${one.policy}`;
    case "change-way":
      if (one.way === "agentless") return "captured from now on";
      return `${one.from === "agentless" ? "no longer" : "still not"} captured: ${wayWords[one.way]}`;
  }
}

function change(was: Figure | null, then: Figure): string {
  const text = ({ value, provenance }: Figure): string =>
    `${Number.isFinite(value) ? formatDuration(value) : "never done"} (${provenance})`;
  return was === null || text(was) === text(then) ? text(then) : `${text(was)} -> ${text(then)}`;
}
