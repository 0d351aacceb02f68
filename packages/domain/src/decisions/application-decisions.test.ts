import { describe, expect, test } from "vitest";
import { foldDecisions, recordOfDecisions } from "./application-decisions.ts";
import type { Decision, RecordedDecision } from "./decision.ts";

const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 0, 1);
const record = (...decisions: Decision[]): RecordedDecision[] =>
  decisions.map((decision, i) => ({ ...decision, number: i + 1, atMs: nowMs + i, enteredBy: "root" }));
const fold = (...decisions: Decision[]) => foldDecisions(record(...decisions));
const objectives = {
  rtoMs: 4 * 3_600_000,
  rpoMs: 3_600_000,
  retention: { daily: 7, timeZone: "UTC" },
  consistency: "crash",
  owner: "Ada",
} as const;
const set: Decision = { kind: "objectives-set", objectives, reviewByMs: nowMs + 30 * dayMs, reasons: ["asked"] };
const none: Decision = {
  kind: "none-decided",
  reason: "rebuilt each night",
  owner: "Ada",
  expiresAtMs: nowMs + dayMs,
  isRedeployed: true,
};
const accepted: Decision = {
  kind: "finding-accepted",
  finding: "one-fault-domain",
  reason: "one node only",
  owner: "Ada",
  expiresAtMs: nowMs + dayMs,
};

describe("the decisions of an application", () => {
  test("hold objectives as unsigned until their owner signs them, and after that with who and when", () => {
    expect(fold(set).objectives).toMatchObject({ rtoMs: 4 * 3_600_000, signOff: null });
    const signed = fold(set, { kind: "signed", by: "Ada", objectivesNumber: 1, reviewByMs: nowMs + 90 * dayMs });
    expect(signed.objectives).toMatchObject({
      signOff: { by: "Ada", atMs: nowMs + 1 },
      reviewByMs: nowMs + 90 * dayMs,
    });
  });

  test("take a signature away when the objectives change", () => {
    const signed: Decision = { kind: "signed", by: "Ada", objectivesNumber: 1, reviewByMs: nowMs + 90 * dayMs };
    expect(fold(set, signed, set)).toMatchObject({ objectives: { signOff: null }, objectivesNumber: 3 });
    expect(() => fold(set, set, signed)).toThrow(expect.objectContaining({ code: "domain.decision.outdated" }));
    expect(() => fold(signed)).toThrow(expect.objectContaining({ code: "domain.decision.outdated" }));
  });

  test("hand what was decided to an assessment, and a redeployed application as redeployable", () => {
    const redeployment = { atMs: nowMs - 1, durationMs: 600_000, wasWithoutUplink: true };
    const state = fold(none, { kind: "redeployment-timed", redeployment });
    expect(recordOfDecisions(state)).toEqual({
      waiver: { reason: "rebuilt each night", owner: "Ada", expiresAtMs: nowMs + dayMs, isRedeployed: true },
      facts: { state: "redeployable" },
      redeployments: [redeployment],
    });
    expect(recordOfDecisions(fold(none, { kind: "none-withdrawn", reason: "it holds orders now" })).waiver).toBe(
      undefined,
    );
  });

  test("keep one acceptance of a finding and one contact of a name, the last", () => {
    const later: Decision = { ...accepted, reason: "a second node is ordered" };
    expect(fold(accepted, later).accepted.map(({ reason }) => reason)).toEqual(["a second node is ordered"]);
    const call = (reach: string): Decision => ({ kind: "contact-set", contact: { name: "Bo", role: "dba", reach } });
    expect(fold(call("1"), call("2")).contacts).toEqual([{ name: "Bo", role: "dba", reach: "2" }]);
    const gone = fold(accepted, { kind: "acceptance-withdrawn", finding: "one-fault-domain", reason: "moved" });
    expect(gone.accepted).toEqual([]);
    expect(fold(call("1"), { kind: "contact-removed", name: "Bo" }).contacts).toEqual([]);
  });

  test.each([
    ["no RTO", { ...set, objectives: { ...objectives, rtoMs: 0 } }],
    ["half a millisecond", { ...set, objectives: { ...objectives, rpoMs: 0.5 } }],
    ["rules that keep nothing", { ...set, objectives: { ...objectives, retention: { timeZone: "UTC" } } }],
    ["a loss borne for no reason", { ...set, objectives: { ...objectives, exceptions: { site: { borne: " " } } } }],
    ["a review in the past", { ...set, reviewByMs: nowMs }],
    ["none for no reason", { ...none, reason: "" }],
    ["none by nobody", { ...none, owner: " " }],
    ["none that has ended", { ...none, expiresAtMs: nowMs }],
    ["an acceptance by nobody", { ...accepted, owner: "" }],
    ["a contact that cannot be reached", { kind: "contact-set", contact: { name: "Bo", role: "dba", reach: "" } }],
    [
      "a redeployment to come",
      {
        kind: "redeployment-timed",
        redeployment: { atMs: nowMs + dayMs, durationMs: 1, wasWithoutUplink: false },
      },
    ],
  ] as const)("refuse %s", (_what, decision) => {
    expect(() => fold(decision)).toThrow(expect.objectContaining({ code: "domain.decision.invalid" }));
  });

  test.each([
    [{ kind: "none-withdrawn", reason: "" }],
    [{ kind: "acceptance-withdrawn", finding: "one-fault-domain", reason: "" }],
    [{ kind: "contact-removed", name: "Bo" }],
  ] as const)("refuse to withdraw what does not hold: %o", (decision) => {
    expect(() => fold(decision)).toThrow(expect.objectContaining({ code: "domain.decision.nothing" }));
  });
});
