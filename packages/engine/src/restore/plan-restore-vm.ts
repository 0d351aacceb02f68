import { idsToLookUp, planVmRestore } from "@holdfast/domain";
import type { RecoveryPoint, RestorePlan, RestoreWish } from "@holdfast/domain";
import { HoldfastError, mapBounded } from "@holdfast/kernel";
import { callOptions } from "../workflow/workflow.ts";
import type { EngineDeps, WorkflowOptions } from "../workflow/workflow.ts";

export interface RestoreVmInput {
  readonly pointId: string;
  readonly wish: RestoreWish;
  /** The id of a plan that was shown, so that the names are those of that plan. */
  readonly runId?: string;
}

const lookUpsAtOnce = 8;

/** Finds a point or raises `engine.point.not-found`. */
export async function findPoint(
  deps: Pick<EngineDeps, "points">,
  pointId: string,
  options: WorkflowOptions = {},
): Promise<RecoveryPoint> {
  const point = await deps.points.findPoint(pointId, callOptions(options));
  if (point !== null) return point;
  throw new HoldfastError({
    code: "engine.point.not-found",
    message: `the repository has no recovery point '${pointId}'`,
    advice: "List the points with `holdfast points`.",
    details: { pointId },
  });
}

/** Plans the restore of a VM onto the stamp and checks it against what the stamp says now. Writes nothing. */
export async function planRestoreVm(
  deps: EngineDeps,
  input: RestoreVmInput,
  options: WorkflowOptions = {},
): Promise<RestorePlan> {
  const { stamp } = deps;
  const call = callOptions(options);
  options.onProgress?.({ phase: "plan" });
  const point = await findPoint(deps, input.pointId, options);
  const { subscriptionId } = await stamp.describe(call);
  const [usages, sizes] = await Promise.all([stamp.listUsages(call), stamp.listVmSizes(call)]);
  const wanted = { point, wish: input.wish, runId: input.runId ?? deps.random.uuid() };
  const existing = await mapBounded(
    idsToLookUp({ ...wanted, stampName: stamp.name, subscriptionId }),
    async (id, { signal }) => ((await stamp.exists(id, { signal })) ? [id.toLowerCase()] : []),
    { limit: lookUpsAtOnce, ...call },
  );
  const target = { stampName: stamp.name, subscriptionId, usages, sizes, existingIds: new Set(existing.flat()) };
  return planVmRestore({ ...wanted, target });
}

/** Raises `engine.restore.refused` with all that stands against the plan. */
export function refuseBlockedPlan(plan: Pick<RestorePlan, "findings" | "pointId">): void {
  const blocks = plan.findings.filter((finding) => finding.severity === "blocks").map((finding) => finding.message);
  if (blocks.length === 0) return;
  throw new HoldfastError({
    code: "engine.restore.refused",
    message: `the restore of point '${plan.pointId}' cannot work: ${blocks.join("; ")}`,
    advice: "Change the restore's name, size, network or target, or have the quota raised. Nothing was written.",
    details: { pointId: plan.pointId },
  });
}
