import type { RecoveryPoint } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import { nearestNames } from "./nearest-names.ts";

/** Fewer letters of an id would soon name several points. */
const shortestPrefix = 4;

/**
 * Finds a point by its id, by the beginning of it, or as `VM@latest`. Points come newest first. Raises
 * `cli.point.not-found` and `cli.point.ambiguous`.
 */
export function selectPoint(typed: string, points: readonly RecoveryPoint[]): RecoveryPoint {
  const wanted = typed.toLowerCase();
  const latest = /^(.+)@latest$/.exec(wanted)?.[1];
  const found = points.filter(
    (point) =>
      point.id.toLowerCase() === wanted ||
      (latest === undefined && wanted.length >= shortestPrefix && point.id.toLowerCase().startsWith(wanted)) ||
      (latest !== undefined && isOfVm(point, latest)),
  );
  const exact = found.find((point) => point.id.toLowerCase() === wanted);
  const [first] = found;
  if (exact !== undefined) return exact;
  if (first === undefined) throw unknownPoint(typed, points);
  const instances = new Set(found.map((point) => `${point.stampName} ${point.instance.id}`.toLowerCase()));
  const isOne = latest === undefined ? found.length === 1 : instances.size === 1;
  if (isOne) return first;
  throw new HoldfastError({
    code: "cli.point.ambiguous",
    message: `${typed} names ${found.length} recovery points`,
    advice: "Give more of the id; `holdfast points` lists them.",
    details: { point: typed, count: found.length },
  });
}

/** True where a point is one of this VM, given by name, `group/name` or ARM id in lower case. */
export function isOfVm({ instance }: RecoveryPoint, typed: string): boolean {
  const wanted = typed.toLowerCase();
  return [instance.name, `${instance.resourceGroup}/${instance.name}`, instance.id].some(
    (form) => form.toLowerCase() === wanted,
  );
}

function unknownPoint(typed: string, points: readonly RecoveryPoint[]): HoldfastError {
  const names = points.flatMap((point) => [point.id, `${point.instance.name}@latest`]);
  const near = nearestNames(typed, names);
  return new HoldfastError({
    code: "cli.point.not-found",
    message: `the repository has no recovery point ${typed}`,
    advice:
      near.length > 0
        ? `Did you mean ${near.join(" or ")}? \`holdfast points\` lists them all.`
        : "Run `holdfast points` to see what there is.",
    details: { point: typed },
  });
}
