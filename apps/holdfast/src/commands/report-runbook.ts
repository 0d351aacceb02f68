import type { Catalog } from "@holdfast/catalog";
import { classifyVms, noDecisions, orderApplications, placedVms, recoveriesOf, writeRunbook } from "@holdfast/domain";
import type { Application, RecoveryPoint, RunbookModel } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import type { CommandContext, CommandHandler } from "../cli/context.ts";
import { requireReportFile, writeReport } from "../report/write-report.ts";
import { knownRecords } from "../selection/known-records.ts";
import { nearestNames } from "../selection/nearest-names.ts";
import { instanceKey } from "../selection/retention-options.ts";
import { loadPoints } from "./load-points.ts";
import { chooseRepository } from "./repository-session.ts";
import type { RepositoryOptions } from "./repository-session.ts";
import { loadInventories } from "./vms.ts";

export interface ReportRunbookInput extends RepositoryOptions {
  readonly application: string;
  readonly applicationTag: string;
  readonly to: string;
  /** Name the newest points of the repository. */
  readonly measured?: boolean;
  readonly force?: boolean;
}

/** Writes the runbook of one application, to be printed. */
export const runReportRunbook: CommandHandler<ReportRunbookInput> = async (input, context) => {
  const { services, output } = context;
  const file = requireReportFile(input.to);
  await using catalog = await services.openCatalog();
  const model = await gatherRunbook(catalog, input, context);
  const parts = { random: services.random, isOverwriteAllowed: input.force ?? false };
  await writeReport(writeRunbook(model, "Holdfast"), file, parts);
  for (const gap of gapsOf(model)) output.note(gap);
  const summary = { file: file.path, application: model.application, vms: model.vms.length, gaps: gapsOf(model) };
  output.result(summary, () => `${file.path}: ${model.vms.length} VMs of ${model.application}.`);
};

async function gatherRunbook(
  catalog: Catalog,
  input: ReportRunbookInput,
  context: CommandContext,
): Promise<RunbookModel> {
  const name = input.application;
  const nowMs = context.services.clock.now();
  const inventories = await loadInventories(catalog);
  const known = await knownRecords(catalog, inventories, { tag: input.applicationTag, nowMs });
  const application = known.applications.find((one) => one.name === name);
  if (application === undefined) throw notFound(name, known.applications, input.applicationTag);
  const { members } = classifyVms(known.applications, placedVms(inventories)).applications.find(
    (one) => one.application.name === name,
  )!;
  const decisions = known.decisions.get(name) ?? noDecisions;
  const objectives = known.records.get(name)?.objectives ?? null;
  const repository =
    input.repo === undefined ? await catalog.findRepository() : await chooseRepository(catalog, input.repo);
  const points = input.measured === true ? await loadPoints(catalog, input, context) : [];
  return {
    application: name,
    generatedAtMs: nowMs,
    owner: application.owner,
    objectives,
    recoveries: recoveriesOf(name, await catalog.listIncidents(), { objectives, nowMs }),
    contacts: decisions.contacts,
    notes: decisions.notes,
    before: dependenciesOf(application, known.applications),
    vms: members,
    newestPoints: newestOf(points),
    repository: repository === null ? null : { name: repository.name, location: repository.location },
    stamps: (await catalog.listStamps()).map(({ credential, ...stamp }) => ({
      name: stamp.name,
      armEndpoint: stamp.armEndpoint,
      tenant: stamp.tenant,
      clientId: stamp.clientId,
      credentialPath: credential.path,
      caFile: stamp.caFile,
    })),
  };
}

/** All that has to run before, also by way of others, in the order of recovery. Names that nobody knows come first. */
function dependenciesOf(application: Application, all: readonly Application[]): readonly string[] {
  const byName = new Map(all.map((one) => [one.name, one]));
  const needed = new Set<string>();
  const open = [...application.dependsOn];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (needed.has(next) || next === application.name) continue;
    needed.add(next);
    open.push(...(byName.get(next)?.dependsOn ?? []));
  }
  const { waves, cycles, behindCycles } = orderApplications(all);
  const ordered = [...waves.flat(), ...cycles.flat(), ...behindCycles].filter((name) => needed.has(name));
  return [...[...needed].filter((name) => !byName.has(name)), ...new Set(ordered)];
}

function newestOf(points: readonly RecoveryPoint[]): ReadonlyMap<string, RecoveryPoint> {
  const groups = Map.groupBy(points, instanceKey);
  return new Map(
    [...groups].map(([key, own]) => [key, own.reduce((a, b) => (b.publishedAtMs > a.publishedAtMs ? b : a))]),
  );
}

/** What a reader of the paper would miss. */
function gapsOf({ contacts, notes, vms, repository, newestPoints }: RunbookModel): readonly string[] {
  return [
    ...(contacts.length === 0 ? ["Nobody is entered to be called: holdfast objectives contact"] : []),
    ...(vms.length > 1 && notes.startOrder.length === 0
      ? ["No order of start is entered: holdfast objectives recovery --start"]
      : []),
    ...(notes.secrets.length === 0
      ? ["Nobody has said where the secrets lie: holdfast objectives recovery --lies"]
      : []),
    ...(repository === null ? ["No repository is known: holdfast repo add"] : []),
    ...(newestPoints.size === 0 ? ["The newest points are not named: add --measured"] : []),
  ];
}

function notFound(name: string, known: readonly Application[], tag: string): HoldfastError {
  const near = nearestNames(
    name,
    known.map((one) => one.name),
  );
  return new HoldfastError({
    code: "cli.application.not-found",
    message: `no VM of the last inventories belongs to an application ${name}`,
    advice:
      near.length > 0
        ? `Did you mean ${near.join(" or ")}?`
        : `Give its VMs the tag ${tag}, and run \`holdfast discover\`.`,
    details: { application: name },
  });
}
