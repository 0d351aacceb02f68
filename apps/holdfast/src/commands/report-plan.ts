import { compareObjectives, placedVmKey, placedVms, recoveriesByScenario, recoveriesOf } from "@holdfast/domain";
import { noDecisions, planSectionNames, usualPlanTemplate, writePlan } from "@holdfast/domain";
import type { Incident, PlacedVm, PlanModel, PlannedApplication } from "@holdfast/domain";
import type { Catalog } from "@holdfast/catalog";
import type { CommandContext, CommandHandler } from "../cli/context.ts";
import { readSmallFile } from "../cli/read-small-file.ts";
import { requireReportFile, writeReport } from "../report/write-report.ts";
import { assessKnown } from "./assess-known.ts";
import type { AssessedWorld, AssessInput, SourcedAssessment } from "./assess-known.ts";
import { chooseRepository } from "./repository-session.ts";

export interface ReportPlanInput extends AssessInput {
  readonly to: string;
  readonly template?: string;
  readonly organisation?: string;
  readonly force?: boolean;
}

/** Writes the protection plan of all applications, under the headings of a template. */
export const runReportPlan: CommandHandler<ReportPlanInput> = async (input, context) => {
  const { services, output } = context;
  const file = requireReportFile(input.to);
  const template = input.template === undefined ? usualPlanTemplate : await readSmallFile(input.template);
  await using catalog = await services.openCatalog();
  const model = await gatherPlan(catalog, input, context);
  const report = writePlan(model, template, "Holdfast");
  await writeReport(report, file, { random: services.random, isOverwriteAllowed: input.force ?? false });
  const summary = {
    file: file.path,
    applications: model.applications.length,
    vms: model.vmCount,
    unclassified: model.unclassified.length,
  };
  output.result(
    summary,
    () =>
      `${file.path}: ${summary.applications} applications, ${summary.vms} VMs, unclassified: ${summary.unclassified}.`,
  );
};

/** Shows the template that is taken where none is named, and what sections one may use. */
export const runReportTemplate: CommandHandler<object> = async (_input, { output }) => {
  const names = (list: readonly string[]): string => list.map((name) => `{${name}}`).join(", ");
  output.result(
    { template: usualPlanTemplate, sections: planSectionNames },
    () =>
      `${usualPlanTemplate}\n<!-- Sections of the plan: ${names(planSectionNames.plan)} -->\n<!-- Sections of an application: ${names(planSectionNames.application)} -->\n`,
  );
};

export async function gatherPlan(
  catalog: Catalog,
  input: AssessInput & { readonly organisation?: string },
  context: CommandContext,
): Promise<PlanModel> {
  const world = await assessKnown(catalog, input, context);
  const { inventories, assessment, places } = world;
  const repositories = await catalog.listRepositories();
  const incidents = await catalog.listIncidents();
  const vmOf = new Map(placedVms(inventories).map((placed) => [placedVmKey(placed), placed]));
  const applications: PlannedApplication[] = [];
  for (const one of assessment.applications)
    applications.push(
      await planApplication(one, world, { catalog, incidents, vmOf, nowMs: context.services.clock.now() }),
    );
  return {
    organisation: input.organisation ?? null,
    generatedAtMs: context.services.clock.now(),
    stamps: inventories.map(({ stampName, subscriptionId, takenAtMs, vms }) => ({
      name: stampName,
      subscriptionId,
      inventoryAtMs: takenAtMs,
      vmCount: vms.length,
    })),
    repositories: repositories.map(({ name, location }) => {
      const place = places.find((known) => known.name === name);
      return { name, location, stampName: place?.stampName ?? null, siteName: place?.siteName ?? null };
    }),
    vmCount: assessment.vmCount,
    unclassified: assessment.unclassified,
    applications,
    findings: assessment.findings,
    evidenceFrom: world.achieved === null ? null : (await chooseRepository(catalog, input.repo)).name,
  };
}

async function planApplication(
  assessment: SourcedAssessment,
  { known, achieved }: AssessedWorld,
  parts: {
    readonly catalog: Catalog;
    readonly incidents: readonly Incident[];
    readonly vmOf: ReadonlyMap<string, PlacedVm>;
    readonly nowMs: number;
  },
): Promise<PlannedApplication> {
  const name = assessment.application;
  const objectives = known.records.get(name)?.objectives ?? null;
  const own = parts.incidents.filter((one) => one.application === name);
  const untried = { losses: [], recoveries: recoveriesByScenario(own) };
  return {
    application: known.applications.find((one) => one.name === name)!,
    objectives,
    source: assessment.objectivesFrom,
    waiver: known.records.get(name)?.waiver ?? null,
    decisions: known.decisions.get(name) ?? noDecisions,
    log: await parts.catalog.listDecisions(name),
    assessment,
    vms: assessment.captures.map(({ vmKey }) => parts.vmOf.get(vmKey)).filter((placed) => placed !== undefined),
    comparisons:
      achieved?.find(({ application }) => application === name)?.comparisons ??
      (objectives === null ? [] : compareObjectives(objectives, untried)),
    recoveries: recoveriesOf(name, parts.incidents, { objectives, nowMs: parts.nowMs }),
  };
}
