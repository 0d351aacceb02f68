import type { Policy, PolicyApplication, PolicySet, VmSelector, Weekday } from "@holdfast/domain";
import { MiB } from "@holdfast/kernel";
import type { PolicyFile } from "./policy-schema.ts";

const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const everyDay: readonly Weekday[] = [1, 2, 3, 4, 5, 6, 7];
const defaultSlots = 4;
const lastPriority = 100;

type FilePolicy = PolicyFile["policies"][string];
type FileApplication = PolicyFile["applications"][string];

/** Turns what a file says into what the domain knows, with the defaults of docs/policies.md. */
export function policySetOfFile(file: PolicyFile): PolicySet {
  return {
    policies: Object.entries(file.policies).map(([name, policy]) => policyOf(name, policy)),
    applications: Object.entries(file.applications).map(([name, application]) => applicationOf(name, application)),
    slotsPerStamp: file.slots ?? defaultSlots,
    sites: new Map(Object.entries(file.sites ?? {}).map(([name, site]) => [name.toLowerCase(), site])),
    disconnectedStamps: new Set((file.disconnected ?? []).map((name) => name.toLowerCase())),
  };
}

function policyOf(name: string, policy: FilePolicy): Policy {
  const timeZone = policy["time-zone"] ?? "UTC";
  const consent = policy["running-snapshots"];
  const { last, hourly, daily, weekly, monthly, yearly } = policy.keep;
  const counts = Object.entries({ last, hourly, daily, weekly, monthly, yearly }).filter(([, n]) => n !== undefined);
  return {
    name,
    intervalMs: policy.every,
    repository: policy.repository,
    retention: { ...Object.fromEntries(counts), timeZone },
    consistency: policy.consistency ?? "crash",
    calendar: {
      timeZone,
      windows: (policy.windows ?? []).map(({ days, from, to }) => ({ days: daysOf(days), from, to })),
      blackouts: (policy.blackouts ?? []).map(({ from, to, why }) => ({ startMs: from, endMs: to, why })),
    },
    copies: (policy.copies ?? []).map(({ to, every }) => ({ repository: to, everyMs: every })),
    throttles: (policy.throttles ?? []).map(({ days, from, to, ...rest }) => ({
      days: daysOf(days),
      from,
      to,
      bytesPerSecond: rest["mib-per-second"] * MiB,
    })),
    runningSnapshots: consent === undefined ? null : { by: consent["allowed-by"], why: consent.why },
    drillEveryMs: policy.drill?.every ?? null,
  };
}

function applicationOf(name: string, application: FileApplication): PolicyApplication {
  const { none, rto, rpo, stamps } = application;
  return {
    name,
    owner: application.owner ?? "",
    priority: application.priority ?? lastPriority,
    selectors: application.select.map(selectorOf),
    ...(stamps === undefined ? {} : { stampNames: stamps }),
    dependsOn: application["depends-on"] ?? [],
    policy: application.policy === "none" ? null : application.policy,
    waiver: none === undefined ? null : { reason: none.why, owner: none.owner, expiresAtMs: none.until },
    tolerance: rto === undefined || rpo === undefined ? null : { rtoMs: rto, rpoMs: rpo },
    captureExceptions: new Map(
      Object.entries(application["capture-anyway"] ?? {}).map(([vm, why]) => [vm.toLowerCase(), why]),
    ),
  };
}

function selectorOf(selector: FileApplication["select"][number]): VmSelector {
  if ("group" in selector) return { kind: "resource-group", name: selector.group };
  if ("name" in selector) return { kind: "name-pattern", pattern: selector.name };
  if ("vms" in selector) return { kind: "list", vms: selector.vms };
  const at = selector.tag.indexOf("=");
  if (at < 0) return { kind: "tag", key: selector.tag };
  return { kind: "tag", key: selector.tag.slice(0, at), value: selector.tag.slice(at + 1) };
}

function daysOf(days: readonly (typeof weekdays)[number][] | undefined): readonly Weekday[] {
  return days === undefined ? everyDay : days.map((day) => (weekdays.indexOf(day) + 1) as Weekday);
}
