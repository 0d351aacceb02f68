import type { Catalog } from "@holdfast/catalog";
import { acceptFindings, assess, placedVmKey, placedVms } from "@holdfast/domain";
import type {
  ApplicationAssessment,
  Assessment,
  Inventory,
  ObjectivesSource,
  Place,
  RecoveryPoint,
} from "@holdfast/domain";
import { formatInstant } from "@holdfast/kernel";
import type { CommandContext } from "../cli/context.ts";
import { knownPlaces } from "../selection/known-places.ts";
import { knownRecords } from "../selection/known-records.ts";
import type { KnownRecords } from "../selection/known-records.ts";
import { instanceKey } from "../selection/retention-options.ts";
import { loadOf, ratesOf, usualConditions } from "../selection/work-figures.ts";
import type { FigureOptions } from "../selection/work-figures.ts";
import { compareWithPoints } from "./achieved.ts";
import type { AchievedApplication } from "./achieved.ts";
import { loadPoints } from "./load-points.ts";
import type { RepositoryOptions } from "./repository-session.ts";
import { loadInventories } from "./vms.ts";

export interface AssessInput extends RepositoryOptions, FigureOptions {
  /** Compare with the points of the repository as well. */
  readonly measured?: boolean;
  readonly dwellMs?: number;
  readonly stamp?: string;
  readonly applicationTag: string;
  readonly rtoMs?: number;
  readonly rpoMs?: number;
  /** Site by name of a stamp or repository, in lower case. */
  readonly sites: ReadonlyMap<string, string>;
  readonly disconnected: readonly string[];
}

/** An application's assessment, and where its objectives come from. */
export type SourcedAssessment = ApplicationAssessment & { readonly objectivesFrom: ObjectivesSource | null };

/** All that is known before anything is shown: the same for `assess` and for reports. */
export interface AssessedWorld {
  readonly inventories: readonly Inventory[];
  readonly known: KnownRecords;
  readonly assessment: Assessment & { readonly applications: readonly SourcedAssessment[] };
  readonly places: readonly Place[];
  readonly points: readonly RecoveryPoint[];
  /** Null where no repository was asked. */
  readonly achieved: readonly AchievedApplication[] | null;
}

/** Assesses the last inventories by what tags, records and, where asked for, the points of a repository tell. */
export async function assessKnown(
  catalog: Catalog,
  input: AssessInput,
  context: CommandContext,
): Promise<AssessedWorld> {
  const { services, output } = context;
  const { stamp, applicationTag, rtoMs, rpoMs, sites, disconnected } = input;
  const nowMs = services.clock.now();
  const inventories = await loadInventories(catalog, stamp);
  for (const { stampName, takenAtMs } of inventories)
    output.note(`${stampName}: inventory of ${formatInstant(takenAtMs)}`);
  const known = await knownRecords(catalog, inventories, { tag: applicationTag, rtoMs, rpoMs, nowMs });
  const [stamps, repositories] = [await catalog.listStamps(), await catalog.listRepositories()];
  const names = new Set([...stamps, ...repositories].map(({ name }) => name.toLowerCase()));
  for (const [name, site] of sites)
    if (!names.has(name)) output.note(`--site ${name}=${site}: no stamp or repository has this name`);
  const places = knownPlaces(repositories, stamps, sites);
  const points = input.measured === true ? await loadPoints(catalog, input, context) : [];
  const pointsOf = Map.groupBy(points, instanceKey);
  const placed = placedVms(inventories).map((one) => [placedVmKey(one), one] as const);
  const loads = new Map(placed.map(([key, one]) => [key, loadOf(one, pointsOf.get(key) ?? [], input)]));
  const assessed = assess({
    inventories,
    applications: known.applications,
    records: known.records,
    targets: places,
    siteOfStamp: sites,
    physics: { loads, conditions: usualConditions(ratesOf(points, input)) },
    disconnectedStamps: new Set(disconnected.map((name) => name.toLowerCase())),
    nowMs,
  });
  const assessment = {
    ...assessed,
    applications: assessed.applications.map((one) => {
      const accepted = known.decisions.get(one.application)?.accepted ?? [];
      return {
        ...one,
        objectivesFrom: known.sources.get(one.application) ?? null,
        findings: acceptFindings(one.findings, accepted, nowMs),
      };
    }),
    findings: [...known.findings, ...assessed.findings],
  };
  const found = { inventories, known, assessment, places, points };
  if (input.measured !== true) return { ...found, achieved: null };
  const { applications } = assessment;
  const evidence = { applications, records: known.records, inventories, siteOf: sites, places, points };
  const dwellMs = input.dwellMs ?? null;
  return { ...found, achieved: await compareWithPoints(catalog, { ...evidence, dwellMs, key: input }, context) };
}
