import type { RecoveryPoint } from "@holdfast/domain";
import type { CheckReport } from "../ports/point-store.ts";
import { callOptions } from "./workflow.ts";
import type { EngineDeps, WorkflowOptions } from "./workflow.ts";

/** Points, newest first; of one VM where its ARM id or name is given. */
export async function listPoints(
  deps: Pick<EngineDeps, "points">,
  filter: { readonly stampName?: string; readonly vm?: string } = {},
  options: WorkflowOptions = {},
): Promise<RecoveryPoint[]> {
  const vm = filter.vm?.toLowerCase();
  const points = await deps.points.listPoints(callOptions(options));
  return points.filter(
    (point) =>
      (filter.stampName === undefined || point.stampName === filter.stampName) &&
      (vm === undefined || point.instance.id.toLowerCase() === vm || point.instance.name.toLowerCase() === vm),
  );
}

/** Reads back and re-hashes every byte of every point. Damage is reported, not raised. */
export async function checkRepository(
  deps: Pick<EngineDeps, "points">,
  options: WorkflowOptions = {},
): Promise<CheckReport> {
  return await deps.points.check({
    ...callOptions(options),
    onProgress: ({ readBytes, totalBytes }) =>
      options.onProgress?.({ phase: "check", doneBytes: readBytes, totalBytes }),
  });
}
