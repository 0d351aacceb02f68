import { acceptFindings, assess, placedVmKey, placedVms } from "@holdfast/domain";
import type { ApplicationAssessment, Assessment, ObjectivesSource } from "@holdfast/domain";
import { formatInstant } from "@holdfast/kernel";
import type { CommandHandler } from "../cli/context.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { formatFindings } from "../cli/finding-text.ts";
import { formatTable } from "../cli/table.ts";
import { knownPlaces } from "../selection/known-places.ts";
import { knownRecords } from "../selection/known-records.ts";
import { instanceKey } from "../selection/retention-options.ts";
import { loadOf, ratesOf, usualConditions } from "../selection/work-figures.ts";
import type { FigureOptions } from "../selection/work-figures.ts";
import { loadPoints } from "./load-points.ts";
import { compareWithPoints, describeAchieved } from "./achieved.ts";
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

/**
 * Recommends a protection option for each application of the last inventories, and compares what is tolerated with what the
 * points of a repository achieved. Asks no stamp and changes nothing. An RPO that is missed is told by the exit code.
 */
export const runAssess: CommandHandler<AssessInput> = async (input, context) => {
  const { services, output } = context;
  const { stamp, applicationTag, rtoMs, rpoMs, sites, disconnected } = input;
  const nowMs = services.clock.now();
  await using catalog = await services.openCatalog();
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
  if (input.measured !== true) {
    output.result(assessment, () => describeAssessment(assessment, applicationTag));
    return;
  }
  const { applications } = assessment;
  const evidence = { applications, records: known.records, inventories, siteOf: sites, places, points };
  const achieved = await compareWithPoints(
    catalog,
    { ...evidence, dwellMs: input.dwellMs ?? null, key: input },
    context,
  );
  output.result({ ...assessment, achieved }, () =>
    [describeAssessment(assessment, applicationTag), ...achieved.map(describeAchieved)].join(""),
  );
  const isMissed = achieved.some(({ comparisons }) => comparisons.some(({ rpo }) => rpo.verdict === "missed"));
  return isMissed ? exitCodes.breached : exitCodes.ok;
};

type SourcedAssessment = ApplicationAssessment & { readonly objectivesFrom: ObjectivesSource | null };

function describeAssessment(
  assessment: Assessment & { readonly applications: readonly SourcedAssessment[] },
  tag: string,
): string {
  const { vmCount, unclassifiedCount, unclassified, applications } = assessment;
  if (vmCount === 0) return "No VM is known. Run `holdfast discover` first.";
  const findings = [...applications.flatMap((one) => one.findings), ...assessment.findings];
  return [
    `${vmCount} VMs in ${applications.length} applications. Unclassified: ${unclassifiedCount}.\n`,
    ...(applications.length === 0 ? [`No VM has the tag ${tag}. Name another one by --application-tag.\n`] : []),
    ...(applications.length === 0 ? [] : [formatTable(head, applications.map(describeApplication))]),
    ...applications.flatMap(describeReasons),
    formatFindings(findings),
    ...(unclassifiedCount === 0
      ? []
      : [
          `\n${formatTable(
            ["UNCLASSIFIED", ""],
            unclassified.map(({ stampName, name }) => [stampName, name]),
          )}`,
        ]),
  ].join("");
}

const head = ["APPLICATION", "VMS", "OPTION", "REACHES OBJECTIVES", "CAPTURE", "OBJECTIVES FROM"];

function describeApplication(assessment: SourcedAssessment): string[] {
  const { application, vmCount, recommendation, captures, objectivesFrom } = assessment;
  const ways = [...Map.groupBy(captures, ({ way }) => way)].map(([way, of]) => `${of.length} ${way}`);
  return [
    application,
    String(vmCount),
    recommendation?.option ?? "no objectives",
    recommendation === null ? "" : recommendation.reachesObjectives ? "yes" : "NO",
    recommendation?.option === "none" ? "" : ways.join(", "),
    objectivesFrom ?? "nowhere",
  ];
}

function describeReasons({ application, recommendation }: ApplicationAssessment): readonly string[] {
  if (recommendation === null) return [];
  return [`\n${application}: ${recommendation.option}\n`, ...recommendation.reasons.map((reason) => `  ${reason}\n`)];
}
