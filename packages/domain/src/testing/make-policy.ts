import type { Policy, PolicyApplication, PolicySet } from "../policy/policy-set.ts";
import { noPolicies } from "../policy/policy-set.ts";

const hourMs = 3_600_000;

/** A policy that captures each hour at all times. */
export function makeTestPolicy(name: string, change: Partial<Policy> = {}): Policy {
  return {
    name,
    intervalMs: hourMs,
    repository: "vault",
    retention: { last: 24, timeZone: "UTC" },
    consistency: "crash",
    calendar: { timeZone: "UTC", windows: [], blackouts: [] },
    copies: [],
    throttles: [],
    runningSnapshots: null,
    drillEveryMs: null,
    ...change,
  };
}

/** An application of the VMs whose names begin with its own. */
export function makeTestApplication(name: string, change: Partial<PolicyApplication> = {}): PolicyApplication {
  return {
    name,
    owner: "Ada",
    priority: 1,
    selectors: [{ kind: "name-pattern", pattern: `${name}*` }],
    dependsOn: [],
    policy: null,
    waiver: null,
    tolerance: null,
    captureExceptions: new Map(),
    ...change,
  };
}

export function makeTestPolicySet(policies: readonly Policy[], applications: readonly PolicyApplication[]): PolicySet {
  return { ...noPolicies, policies, applications };
}
