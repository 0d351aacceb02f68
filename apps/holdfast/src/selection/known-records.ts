import type { Catalog } from "@holdfast/catalog";
import { joinObjectives, noDecisions, recordOfDecisions } from "@holdfast/domain";
import type {
  Application,
  ApplicationDecisions,
  ApplicationRecord,
  Finding,
  Inventory,
  Objectives,
  ObjectivesSource,
} from "@holdfast/domain";
import { applicationsFromPolicies, loadPolicySet } from "./applications-from-policies.ts";
import { applicationsFromTags } from "./applications-from-tags.ts";

/** What is known of applications before anything is assessed: from policies, from tags, and from what people recorded. */
export interface KnownRecords {
  readonly applications: readonly Application[];
  readonly records: ReadonlyMap<string, ApplicationRecord>;
  readonly decisions: ReadonlyMap<string, ApplicationDecisions>;
  /** Where each application's objectives come from. */
  readonly sources: ReadonlyMap<string, ObjectivesSource>;
  readonly findings: readonly Finding[];
}

export interface RecordReading {
  readonly tag: string;
  readonly rtoMs?: number | undefined;
  readonly rpoMs?: number | undefined;
  readonly nowMs: number;
}

/**
 * Joins policies, tags and records. Tags count where the policy file is silent. What was recorded outweighs tags; a record
 * of what no VM belongs to is a finding.
 */
export async function knownRecords(
  catalog: Catalog,
  inventories: readonly Inventory[],
  { tag, rtoMs, rpoMs, nowMs }: RecordReading,
): Promise<KnownRecords> {
  const tagged = applicationsFromTags(inventories, { tag, rtoMs, rpoMs, nowMs });
  const policies = applicationsFromPolicies(await loadPolicySet(catalog), nowMs);
  const named = new Set(policies.applications.map(({ name }) => name.toLowerCase()));
  // The file names applications; a tag names those that it leaves out.
  const fromTags = tagged.applications.filter(({ name }) => !named.has(name.toLowerCase()));
  const applications = [...policies.applications, ...fromTags];
  const decisions = await catalog.loadDecisions();
  const broken = (await catalog.findBrokenRecords()).map(brokenRecord);
  const records = new Map<string, ApplicationRecord>();
  const sources = new Map<string, ObjectivesSource>();
  const findings: Finding[] = [...tagged.findings, ...broken];
  const names = new Set([...applications.map(({ name }) => name), ...decisions.keys()]);
  for (const name of names) {
    const decided = recordOfDecisions(decisions.get(name) ?? noDecisions);
    const { objectives: _objectives, ...rest } = decided;
    const { objectives: policy = null, ...said } = policies.records.get(name) ?? {};
    const tags = tagged.records.get(name)?.objectives ?? null;
    const known = { recorded: decided.objectives ?? null, policy, tags };
    const joined = joinObjectives(name, known);
    if (joined.source !== null) sources.set(name, joined.source);
    findings.push(...joined.findings);
    records.set(name, joinRecords(said, rest, joined.objectives));
  }
  const hasVms = new Set(applications.map(({ name }) => name));
  findings.push(...[...decisions.keys()].filter((name) => !hasVms.has(name)).map(withoutVms));
  return {
    applications: applications.map((one) => withDecisions(one, decisions.get(one.name) ?? noDecisions)),
    records,
    decisions,
    sources,
    findings,
  };
}

/** What people recorded outweighs what a policy file says; facts count one by one. */
function joinRecords(
  said: ApplicationRecord,
  recorded: ApplicationRecord,
  objectives: Objectives | null,
): ApplicationRecord {
  return {
    ...said,
    ...recorded,
    facts: { ...said.facts, ...recorded.facts },
    redeployments: [...(said.redeployments ?? []), ...(recorded.redeployments ?? [])],
    ...(objectives === null ? {} : { objectives }),
  };
}

/** What was recorded of an application's owner and of what runs before it outweighs its tags. */
function withDecisions(application: Application, { objectives, notes, waiver }: ApplicationDecisions): Application {
  const recorded = objectives?.owner || waiver?.owner || "";
  return {
    ...application,
    owner: recorded === "" ? application.owner : recorded,
    dependsOn: [...new Set([...application.dependsOn, ...notes.dependsOn])],
  };
}

function withoutVms(subject: string): Finding {
  return {
    kind: "record-without-vms",
    severity: "warns",
    subject,
    message: "decisions are recorded of it, and no VM of the last inventories belongs to it",
    advice: "Check its name and the tags of its VMs, and run `holdfast discover`.",
  };
}

function brokenRecord({ log, subject, number }: { log: string; subject: string; number: number }): Finding {
  return {
    kind: "record-changed",
    severity: "warns",
    subject,
    message: `the log of ${log} ${subject} was changed from outside at its entry ${number}`,
    advice: "Compare it with an older copy of the catalog, or with a plan that was printed.",
  };
}
