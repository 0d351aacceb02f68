import { formatDuration, formatInstant } from "@holdfast/kernel";
import type { EnteredObjectives } from "../decisions/decision.ts";
import type { Objectives } from "../objectives/objectives.ts";

/** A span for people: days where it is made of days, else hours and less. */
export function formatSpan(spanMs: number): string {
  const days = spanMs / 86_400_000;
  return days >= 2 && Number.isInteger(days) ? `${days} d` : formatDuration(spanMs);
}

/** The day of an instant, in UTC. */
export function formatDay(atMs: number): string {
  return formatInstant(atMs).slice(0, 10);
}

/** Objectives as lines of name and value. */
export function objectiveFields(objectives: EnteredObjectives & Partial<Objectives>): [string, string][] {
  const { rtoMs, rpoMs, consistency, owner, exceptions, signOff, reviewByMs } = objectives;
  return [
    ["RTO", formatSpan(rtoMs)],
    ["RPO", formatSpan(rpoMs)],
    ...Object.entries(exceptions ?? {}).map(([scenario, one]): [string, string] => [
      `loss of ${scenario}`,
      "borne" in one ? `borne: ${one.borne}` : `RTO ${formatSpan(one.rtoMs)}, RPO ${formatSpan(one.rpoMs)}`,
    ]),
    ["consistency", consistency],
    ["retention", describeRetention(objectives)],
    ["owner", owner === "" ? "nobody" : owner],
    ...(signOff === undefined
      ? []
      : [
          ["signed", signOff === null ? "by nobody" : `by ${signOff.by}, ${formatDay(signOff.atMs)}`] as [
            string,
            string,
          ],
        ]),
    ...(reviewByMs === undefined ? [] : [["review by", formatDay(reviewByMs)] as [string, string]]),
  ];
}

/** Rules of retention in words. */
export function describeRetention({ retention: { timeZone, ...counts } }: EnteredObjectives): string {
  const kept = Object.entries(counts).filter(([, count]) => count !== undefined && count > 0);
  return `${kept.map(([period, count]) => `${count} ${period}`).join(", ")} (${timeZone})`;
}
