import { expect, test } from "vitest";
import type { Objectives } from "../objectives/objectives.ts";
import { applyIncidentEvent, openIncident } from "./incident.ts";
import type { Incident } from "./incident.ts";
import type { Scenario } from "../objectives/scenario.ts";
import { judgeRecoveriesByScenario } from "./judge-by-scenario.ts";

const hourMs = 3_600_000;
const objectives: Objectives = {
  rtoMs: 4 * hourMs,
  rpoMs: hourMs,
  retention: { daily: 7, timeZone: "UTC" },
  consistency: "crash",
  owner: "Ada",
  signOff: null,
  reviewByMs: 9,
  exceptions: { stamp: { rtoMs: 8 * hourMs, rpoMs: hourMs }, site: { borne: "one site" } },
};

function recovered(scenario: Scenario, hours: number): Incident {
  const init = { id: `${scenario}-${hours}`, application: "shop", scenario, kind: "incident" } as const;
  const opened = openIncident({ ...init, startedAtMs: 0, openedAtMs: 1 });
  return applyIncidentEvent(opened, { kind: "closed", outcome: "recovered", atMs: hours * hourMs });
}

test("each scenario is judged by its own RTO, those of one RTO together, and a borne one by none", () => {
  const incidents = [recovered("vm", 2), recovered("disk", 8), recovered("stamp", 7), recovered("site", 90)];
  const judge = (list: readonly Incident[]) =>
    judgeRecoveriesByScenario("shop", list, { objectives, nowMs: 100 * hourMs }).map(({ kind, message }) => [
      kind,
      message,
    ]);
  expect(judge(incidents)).toEqual([
    ["unacceptable-disruption", "the MTTR of incidents (2) is 5 h 00 min, and the RTO is 4 h 00 min"],
  ]);
  expect(judge([recovered("stamp", 9)])).toEqual([
    ["unacceptable-disruption", "the MTTR of incidents (1) is 9 h 00 min, and the RTO is 8 h 00 min"],
  ]);
});
