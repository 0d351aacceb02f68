import { expect, test } from "vitest";
import { summarizeDurations } from "../recovery-time/summarize-durations.ts";
import { compareObjectives } from "./compare-objectives.ts";
import { judgeObjectives } from "./objectives.ts";
import type { Objectives } from "./objectives.ts";
import { scenarios } from "./scenario.ts";

const hourMs = 3_600_000;
const objectives: Objectives = {
  rtoMs: 4 * hourMs,
  rpoMs: hourMs,
  retention: { daily: 7, timeZone: "UTC" },
  consistency: "crash",
  owner: "Ada",
  signOff: { by: "Ada", atMs: 0 },
  reviewByMs: 100 * hourMs,
};
const loss = { ageMs: 0, worstInstanceKeys: [], placeNames: [], reasons: [] };

test.each([
  [hourMs, "met"],
  [hourMs + 1, "missed"],
  [null, "missed"],
] as const)("a worst loss of %s ms has %s an RPO of an hour", (worstLossMs, verdict) => {
  const losses = scenarios.map((scenario) => ({ ...loss, scenario, worstLossMs }));
  const compared = compareObjectives(objectives, { losses, recoveries: {} });
  expect(compared.map(({ rpo }) => rpo.verdict)).toEqual(scenarios.map(() => verdict));
  expect(compared.map(({ rto }) => rto.verdict)).toEqual(scenarios.map(() => "unproven"));
});

test.each([
  [[3, 4], "met", false],
  [[1, 5], "missed", false],
  [[4, 5], "missed", true],
] as const)("recoveries of %j hours have %s an RTO of four; unacceptable: %s", (hours, verdict, isUnacceptable) => {
  const vm = summarizeDurations(hours.map((one) => one * hourMs)) ?? undefined;
  const [first] = compareObjectives(objectives, { losses: [], recoveries: vm === undefined ? {} : { vm } });
  expect(first).toMatchObject({
    scenario: "vm",
    rto: { verdict, isUnacceptableDisruption: isUnacceptable },
    rpo: { verdict: "unproven" },
  });
});

test("a scenario has its own tolerance, or is borne by its owner", () => {
  const exceptions = { site: { borne: "insured" }, stamp: { rtoMs: 48 * hourMs, rpoMs: 24 * hourMs } };
  const losses = scenarios.map((scenario) => ({ ...loss, scenario, worstLossMs: 12 * hourMs }));
  const compared = compareObjectives({ ...objectives, exceptions }, { losses, recoveries: {} });
  const of = (scenario: string) => compared.find((one) => one.scenario === scenario);
  expect(of("stamp")?.rpo).toMatchObject({ toleratedMs: 24 * hourMs, verdict: "met" });
  expect(of("site")).toMatchObject({ rpo: { verdict: "borne" }, reasons: ["borne by the owner: insured"] });
  expect(of("vm")?.rpo.verdict).toBe("missed");
});

test.each([
  ["objective-impossible", { rpoMs: 0 }],
  ["objective-impossible", { rtoMs: Number.NaN }],
  ["objective-impossible", { retention: { last: 0, timeZone: "UTC" } }],
  ["objective-impossible", { exceptions: { site: { rtoMs: -1, rpoMs: 1 } } }],
  ["objective-without-owner", { owner: " " }],
  ["objective-unsigned", { signOff: null }],
  ["objective-signed-later", { signOff: { by: "Ada", atMs: 11 * hourMs } }],
  ["objective-review-overdue", { reviewByMs: 9 * hourMs }],
] as const)("judgeObjectives finds %s for %j", (kind, change) => {
  expect(judgeObjectives("payroll", objectives, 10 * hourMs)).toEqual([]);
  const findings = judgeObjectives("payroll", { ...objectives, ...change }, 10 * hourMs);
  expect(findings.map((finding) => finding.kind)).toEqual([kind]);
  expect(findings[0]?.subject).toBe("payroll");
});
