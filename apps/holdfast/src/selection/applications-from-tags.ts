import { placedVms } from "@holdfast/domain";
import type { Application, ApplicationRecord, Finding, Inventory, PlacedVm } from "@holdfast/domain";
import { parseDuration } from "../cli/duration.ts";

/** What tags say of applications, with what was not understood. */
export interface TaggedApplications {
  readonly applications: readonly Application[];
  readonly records: ReadonlyMap<string, ApplicationRecord>;
  readonly findings: readonly Finding[];
}

export interface TagReading {
  /** The tag whose value names the application. */
  readonly tag: string;
  /** Taken where no VM of an application has the tags `rto` and `rpo`; in milliseconds. */
  readonly rtoMs: number | undefined;
  readonly rpoMs: number | undefined;
  readonly nowMs: number;
}

const yearMs = 365 * 86_400_000;

/**
 * Reads applications from tags: the name, and where they are there `owner`, `priority`, `rto` and `rpo` (such as `4h`). Of
 * several VMs of an application the strictest values hold. What tags say was signed by nobody.
 */
export function applicationsFromTags(inventories: readonly Inventory[], reading: TagReading): TaggedApplications {
  const groups = Map.groupBy(placedVms(inventories), (placed) => tagValue(placed, reading.tag));
  const findings: Finding[] = [];
  const applications: Application[] = [];
  const records = new Map<string, ApplicationRecord>();
  for (const [name, members] of groups) {
    if (name === null) continue;
    const strictest = (tag: string): number | undefined => strictestSpan(members, tag, findings);
    const owner = members.map((placed) => tagValue(placed, "owner")).find((one) => one !== null) ?? "";
    const priorities = members.map((placed) => Number(tagValue(placed, "priority"))).filter((one) => one >= 1);
    applications.push({
      name,
      owner,
      priority: Math.min(...priorities, 100),
      selectors: [{ kind: "tag", key: reading.tag, value: name }],
      dependsOn: [],
    });
    const [rtoMs, rpoMs] = [strictest("rto") ?? reading.rtoMs, strictest("rpo") ?? reading.rpoMs];
    if (rtoMs === undefined || rpoMs === undefined) continue;
    const retention = { daily: 7, weekly: 5, monthly: 12, timeZone: "UTC" };
    const unsigned = { signOff: null, reviewByMs: reading.nowMs + yearMs };
    records.set(name, { objectives: { rtoMs, rpoMs, retention, consistency: "crash", owner, ...unsigned } });
  }
  return { applications, records, findings };
}

function strictestSpan(members: readonly PlacedVm[], tag: string, findings: Finding[]): number | undefined {
  let strictestMs: number | undefined;
  for (const placed of members) {
    const typed = tagValue(placed, tag);
    if (typed === null) continue;
    try {
      strictestMs = Math.min(strictestMs ?? Infinity, parseDuration(typed));
    } catch (error) {
      if (!(error instanceof Error && error.name === "InvalidArgumentError")) throw error;
      findings.push({
        kind: "tag-not-understood",
        severity: "warns",
        subject: `${placed.stampName} ${placed.vm.resourceGroup}/${placed.vm.name}`,
        message: `the tag ${tag}=${typed} is no span of time`,
        advice: "Give a number and m, h, d, w, mo or y, such as 4h.",
      });
    }
  }
  return strictestMs;
}

/** The value of a tag, whatever the case of its key; null where it is missing or empty. */
function tagValue({ vm }: PlacedVm, key: string): string | null {
  const found = Object.entries(vm.tags).find(([name]) => name.toLowerCase() === key.toLowerCase());
  return found === undefined || found[1].trim() === "" ? null : found[1];
}
