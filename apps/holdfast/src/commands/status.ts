import { access } from "node:fs/promises";
import { join } from "node:path";
import { catalogFolder } from "@holdfast/catalog";
import { compilePolicies, countLeftOut, createOpenTimes, decideDue, judgeStatus } from "@holdfast/domain";
import type { ApplicationStatus, RecoveryPoint } from "@holdfast/domain";
import { formatDuration, formatInstant, HoldfastError } from "@holdfast/kernel";
import { openSqliteRunEngine } from "@holdfast/runs";
import type { CommandContext, CommandHandler } from "../cli/context.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { formatTable } from "../cli/table.ts";
import { loadPolicySet } from "../selection/applications-from-policies.ts";
import { instanceKey, retainedPoint } from "../selection/retention-options.ts";
import { scheduledVm } from "../serve/capture-schedule.ts";
import { createRunHistory } from "../serve/run-history.ts";
import type { RunHistory } from "../serve/run-history.ts";
import { loadPoints } from "./load-points.ts";
import type { RepositoryOptions } from "./repository-session.ts";
import { loadInventories } from "./vms.ts";

export type StatusInput = Omit<RepositoryOptions, "repo">;

/** What `status` prints. */
interface Status {
  readonly atMs: number;
  readonly vmCount: number;
  readonly unclassifiedCount: number;
  readonly leftOut: readonly { readonly reason: string; readonly vmCount: number }[];
  readonly applications: readonly ApplicationStatus[];
}

/** Says which promises hold now, by the newest points, and why. A breach is told by the exit code. Asks no stamp. */
export const runStatus: CommandHandler<StatusInput> = async (input, context) => {
  const { services, output } = context;
  await using catalog = await services.openCatalog();
  const [policies, applied] = [await loadPolicySet(catalog), await catalog.loadPolicies()];
  if (policies === null || applied === null)
    throw new HoldfastError({
      code: "serve.policies.missing",
      message: "no policies were applied: nothing was promised",
      advice: "Write a policy file, look at it by `holdfast plan`, and make it hold by `holdfast apply`.",
    });
  const points: RecoveryPoint[] = [];
  for (const repo of new Set(policies.policies.map(({ repository }) => repository)))
    points.push(...(await loadPoints(catalog, { ...input, repo }, context)));
  const nowMs = services.clock.now();
  const newestDataAtMs = newestOf(points);
  const { protectedVms, leftOut, unclassified } = compilePolicies(policies, await loadInventories(catalog), nowMs);
  const history = await readHistory(context);
  const watched = protectedVms.map((vm) => {
    const ground = { newestDataAtMs, appliedAtMs: applied.atMs };
    const scheduled = scheduledVm(vm, { ground, history, nowMs });
    const due = decideDue(scheduled, createOpenTimes(vm.policy.calendar), nowMs);
    const lastFailure = history.of(vm.key)?.lastFailure ?? null;
    return { vm, scheduled, due, isNewestProven: false, lastFailure };
  });
  const status: Status = {
    atMs: nowMs,
    vmCount: protectedVms.length + leftOut.length + unclassified.length,
    unclassifiedCount: unclassified.length,
    leftOut: [...countLeftOut(leftOut)].map(([reason, vmCount]) => ({ reason, vmCount })),
    applications: judgeStatus(watched, nowMs),
  };
  output.result(status, () => describeStatus(status));
  return status.applications.some((one) => one.status === "breached") ? exitCodes.breached : exitCodes.ok;
};

function newestOf(points: readonly RecoveryPoint[]): ReadonlyMap<string, number> {
  const newest = new Map<string, number>();
  for (const point of points) {
    const key = instanceKey(point);
    newest.set(key, Math.max(newest.get(key) ?? -Infinity, retainedPoint(point).dataAtMs));
  }
  return newest;
}

/** What the schedule's runs say; nothing where nothing was ever served here. */
async function readHistory({ services, signal }: CommandContext): Promise<Pick<RunHistory, "of">> {
  const file = join(catalogFolder(services.environment), "runs.db");
  try {
    await access(file);
  } catch {
    // No file: no run. Opening one would make it.
    return { of: () => null };
  }
  await using engine = await openSqliteRunEngine({ file, clock: services.clock, random: services.random });
  const history = createRunHistory(engine);
  await history.refresh(signal);
  return history;
}

function describeStatus({ vmCount, unclassifiedCount, leftOut, applications }: Status): string {
  const lines = [`unclassified: ${unclassifiedCount} of ${vmCount} VMs belong to no application\n`];
  for (const { reason, vmCount: count } of leftOut)
    lines.push(`left out: ${count} ${count === 1 ? "VM" : "VMs"}: ${reason}\n`);
  const rows = applications.flatMap(({ application, vms }) =>
    vms.map(({ key, status, newestDataAtMs, ageMs, rpoMs, why }) => [
      application,
      status,
      key,
      newestDataAtMs === null ? "none" : formatInstant(newestDataAtMs),
      `${ageMs === null ? "all" : formatDuration(ageMs)} of ${formatDuration(rpoMs)}`,
      why,
    ]),
  );
  if (rows.length > 0)
    lines.push(formatTable(["APPLICATION", "STATUS", "VM", "NEWEST DATA", "AGE OF RPO", "WHY"], rows));
  return lines.join("");
}
