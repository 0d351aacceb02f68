import { expect, test } from "vitest";
import { achievedLoss } from "./achieved-loss.ts";
import type { LossEvidence, PointCopy } from "./achieved-loss.ts";
import type { Place, Scenario } from "./scenario.ts";

const here: Place = { name: "on-stamp", stampName: "East", siteName: "harbour", isLocked: false };
const beside: Place = { name: "nas", stampName: null, siteName: "Harbour", isLocked: false };
const away: Place = { name: "away", stampName: "west", siteName: "hill", isLocked: true };
const unknown: Place = { name: "somewhere", stampName: null, siteName: null, isLocked: false };
const hourMs = 3_600_000;

/** Points each hour, usable at the place after so long. */
function hourly(place: Place, wayMs: number, count = 10): PointCopy[] {
  return Array.from({ length: count }, (_none, i) => {
    const dataAtMs = i * hourMs;
    return { pointId: `p${i}`, place, dataAtMs, usableAtMs: dataAtMs + wayMs, removedAtMs: null };
  });
}

function evidence(...copies: readonly (readonly PointCopy[])[]): LossEvidence {
  return {
    instances: copies.map((own, i) => ({
      instanceKey: `vm${i}`,
      source: { stampName: "east", siteName: "harbour" },
      copies: own,
    })),
    nowMs: 10 * hourMs,
    windowMs: 30 * 24 * hourMs,
    dwellMs: { value: 3 * hourMs, provenance: "assumed", source: "nobody has said" },
  };
}

const everywhere = [...hourly(here, 60_000), ...hourly(beside, 120_000), ...hourly(away, 2 * hourMs)];

test.each([
  ["vm", hourMs + 60_000, ["away", "nas", "on-stamp"]],
  ["disk", hourMs + 60_000, ["away", "nas", "on-stamp"]],
  ["node", hourMs + 60_000, ["away", "nas", "on-stamp"]],
  ["stamp", hourMs + 120_000, ["away", "nas"]],
  ["site", 3 * hourMs, ["away"]],
  ["ransomware", 6 * hourMs, ["away"]],
] as const)("copies at three places achieve in the scenario %s: %i ms", (scenario, worstLossMs, placeNames) => {
  expect(achievedLoss(evidence(everywhere), scenario)).toMatchObject({ worstLossMs, placeNames });
});

test.each([
  ["stamp", hourly(here, 0), "on-stamp lies on the stamp east itself"],
  ["site", hourly(here, 0), "on-stamp lies on the stamp east itself"],
  ["site", hourly(beside, 0), "nas is at the site harbour itself"],
  ["site", hourly(unknown, 0), "nobody has entered the site of somewhere"],
  ["ransomware", hourly(beside, 0), "nas is not locked: who can write there can delete there"],
  ["ransomware", hourly({ ...beside, isLocked: null }, 0), "nobody has read back whether nas is locked"],
  ["vm", [], undefined],
] as const)("nothing bounds the loss of a %s without a copy that counts", (scenario: Scenario, copies, reason) => {
  const loss = achievedLoss(evidence(copies), scenario);
  expect(loss).toMatchObject({ worstLossMs: null, ageMs: null, placeNames: [] });
  expect(loss.reasons[0] === reason || loss.reasons.includes(reason ?? "")).toBe(true);
});

test("an application loses what its worst VM loses", () => {
  const late = evidence(hourly(away, 0), hourly(away, hourMs));
  expect(achievedLoss(late, "stamp")).toMatchObject({ worstLossMs: 2 * hourMs, worstInstanceKeys: ["vm1"] });
  const bare = evidence(hourly(away, 0), []);
  expect(achievedLoss(bare, "stamp")).toMatchObject({ worstLossMs: null, worstInstanceKeys: ["vm1"] });
});

test("points that stopped coming count by what has passed since", () => {
  const loss = achievedLoss(evidence(hourly(away, 0, 3)), "vm");
  expect(loss).toMatchObject({ worstLossMs: 8 * hourMs, ageMs: 8 * hourMs });
});

test("what retention removed does not look like a missed capture", () => {
  const thinned = hourly(away, 0, 11).map((copy, i) => (i % 5 === 0 ? copy : { ...copy, removedAtMs: 9.5 * hourMs }));
  const loss = achievedLoss(evidence(thinned.map((copy, i) => (i > 7 ? { ...copy, removedAtMs: null } : copy))), "vm");
  expect(loss.worstLossMs).toBe(hourMs);
});

test("an attack that began before the oldest locked copy leaves nothing to trust", () => {
  const young = { ...evidence(hourly(away, 0, 2)), nowMs: 2 * hourMs };
  expect(achievedLoss(young, "ransomware").worstLossMs).toBeNull();
});
