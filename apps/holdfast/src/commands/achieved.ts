import type { Catalog, RepositoryRecord } from "@holdfast/catalog";
import {
  achievedLoss,
  compareObjectives,
  placedVmKey,
  placedVms,
  pointCopies,
  recoveriesByScenario,
  scenarios,
} from "@holdfast/domain";
import type {
  ApplicationAssessment,
  ApplicationRecord,
  InstanceEvidence,
  Inventory,
  ObjectiveComparison,
  Place,
  RecoveryPoint,
} from "@holdfast/domain";
import { formatDuration } from "@holdfast/kernel";
import { serviceOptions } from "../cli/context.ts";
import type { CommandContext } from "../cli/context.ts";
import { formatTable } from "../cli/table.ts";
import { instanceKey } from "../selection/retention-options.ts";
import { chooseRepository } from "./repository-session.ts";
import type { RepositoryOptions } from "./repository-session.ts";

/** What one repository proves of an application, scenario by scenario. */
export interface AchievedApplication {
  readonly application: string;
  readonly comparisons: readonly ObjectiveComparison[];
}

export interface AchievedInput {
  readonly applications: readonly ApplicationAssessment[];
  readonly records: ReadonlyMap<string, ApplicationRecord>;
  readonly inventories: readonly Inventory[];
  readonly siteOf: ReadonlyMap<string, string>;
  readonly places: readonly Place[];
  readonly points: readonly RecoveryPoint[];
  /** How long an attacker is in unnoticed, in milliseconds; null where nobody has said. */
  readonly dwellMs: number | null;
}

const dayMs = 86_400_000;

/** Compares what is tolerated with what the points of one repository achieved during the last day. */
export async function compareWithPoints(
  catalog: Catalog,
  input: AchievedInput & { readonly key: RepositoryOptions },
  context: CommandContext,
): Promise<readonly AchievedApplication[]> {
  const { applications, records, inventories, siteOf } = input;
  const repository = await chooseRepository(catalog, input.key.repo);
  const pointsOf = Map.groupBy(input.points, instanceKey);
  const place = await placeOf(repository, input.places, context);
  const vms = new Map(placedVms(inventories).map((placed) => [placedVmKey(placed), placed]));
  const evidenceOf = (vmKey: string): InstanceEvidence => {
    const stampName = vms.get(vmKey)?.stampName ?? "";
    return {
      instanceKey: vmKey,
      source: { stampName, siteName: siteOf.get(stampName.toLowerCase()) ?? null },
      copies: pointCopies(pointsOf.get(vmKey) ?? [], place),
    };
  };
  const dwellMs = { value: input.dwellMs ?? dayMs, provenance: "assumed", source: "nobody has measured it" } as const;
  const nowMs = context.services.clock.now();
  const incidents = Map.groupBy(await catalog.listIncidents(), (one) => one.application);
  return applications.flatMap(({ application, captures }) => {
    const objectives = records.get(application)?.objectives;
    if (objectives === undefined) return [];
    const instances = captures.map(({ vmKey }) => evidenceOf(vmKey));
    const evidence = { instances, nowMs, windowMs: dayMs, dwellMs };
    const losses = scenarios.map((scenario) => achievedLoss(evidence, scenario));
    const recoveries = recoveriesByScenario(incidents.get(application) ?? []);
    return [{ application, comparisons: compareObjectives(objectives, { losses, recoveries }) }];
  });
}

/** The place of a repository, with the lock that its store shows on a point. */
async function placeOf(
  repository: RepositoryRecord,
  places: readonly Place[],
  context: CommandContext,
): Promise<Place> {
  const { name, location } = repository;
  const known = places.find((one) => one.name === name) ?? { name, stampName: null, siteName: null, isLocked: null };
  const store = await context.services.openStore(location, serviceOptions(context));
  const traits = await store.readTraits?.({ signal: context.signal });
  return { ...known, isLocked: (traits?.objectLock?.example ?? null) !== null };
}

export function describeAchieved({ application, comparisons }: AchievedApplication): string {
  const span = (ms: number | null): string => (ms === null ? "unbounded" : formatDuration(ms));
  const rows = comparisons.map(({ scenario, rpo, rto }) => [
    scenario,
    rpo.toleratedMs === null ? "borne" : formatDuration(rpo.toleratedMs),
    span(rpo.achievedMs),
    span(rpo.ageMs),
    rpo.verdict,
    rto.verdict,
  ]);
  const head = ["SCENARIO", "RPO", "WORST LOSS OF A DAY", "LOST NOW", "RPO IS", "RTO IS"];
  return `\n${application}, by its points\n${formatTable(head, rows)}`;
}
