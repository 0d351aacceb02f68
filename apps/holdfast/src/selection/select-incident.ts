import type { Incident } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import { nearestNames } from "./nearest-names.ts";

/**
 * The incident that was meant: by its id or the beginning of it, or by an application that has exactly one that is open.
 * Raises `cli.incident.not-found` and `cli.incident.ambiguous`.
 */
export function selectIncident(typed: string, incidents: readonly Incident[]): Incident {
  const exact = incidents.find(({ id }) => id === typed);
  if (exact !== undefined) return exact;
  const byId = typed.length < 4 ? [] : incidents.filter(({ id }) => id.startsWith(typed));
  const byName = incidents.filter(({ application, closedAtMs }) => application === typed && closedAtMs === null);
  const found = byId.length > 0 ? byId : byName;
  if (found.length === 1 && found[0] !== undefined) return found[0];
  if (found.length > 1)
    throw new HoldfastError({
      code: "cli.incident.ambiguous",
      message: `${typed} names ${found.length} incidents: ${found.map(({ id }) => id).join(", ")}`,
      advice: "Give the id of one.",
    });
  const names = incidents.flatMap(({ id, application }) => [id, application]);
  const near = nearestNames(typed, names);
  throw new HoldfastError({
    code: "cli.incident.not-found",
    message: `there is no incident ${typed}, and no open one of an application of that name`,
    advice: near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "List them by `holdfast incident list`.",
    details: { typed },
  });
}
