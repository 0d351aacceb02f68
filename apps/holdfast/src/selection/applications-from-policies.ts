import type { Catalog } from "@holdfast/catalog";
import type { Application, ApplicationRecord, Objectives, PolicyApplication, PolicySet } from "@holdfast/domain";
import { readPolicyText } from "../policy-file/read-policy-file.ts";

/** What the applied policy file says of applications; all empty where none was applied. */
export interface PolicyApplications {
  readonly applications: readonly Application[];
  readonly records: ReadonlyMap<string, ApplicationRecord>;
}

const yearMs = 365 * 86_400_000;

/** Reads the policies that hold; null where none were applied. */
export async function loadPolicySet(catalog: Catalog): Promise<PolicySet | null> {
  const applied = await catalog.loadPolicies();
  return applied === null ? null : readPolicyText(applied.text, applied.fileName);
}

/** A file's objectives are signed by nobody: an owner signs what is recorded. */
export function applicationsFromPolicies(set: PolicySet | null, nowMs: number): PolicyApplications {
  const applications = set?.applications ?? [];
  return {
    applications,
    records: new Map(applications.map((one) => [one.name, recordOf(one, set!, nowMs)])),
  };
}

function recordOf(
  { tolerance, waiver, owner, policy: name }: PolicyApplication,
  set: PolicySet,
  nowMs: number,
): ApplicationRecord {
  const policy = set.policies.find((one) => one.name === name);
  const objectives: Objectives | null =
    tolerance === null || policy === undefined
      ? null
      : {
          ...tolerance,
          retention: policy.retention,
          consistency: policy.consistency,
          owner,
          signOff: null,
          reviewByMs: nowMs + yearMs,
        };
  const consent = policy?.runningSnapshots ?? null;
  return {
    ...(objectives === null ? {} : { objectives }),
    ...(waiver === null ? {} : { waiver }),
    ...(consent === null ? {} : { facts: { allowsRunningSnapshots: true } }),
  };
}
