import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyIncidentEvent, milestones, openIncident } from "./incident.ts";
import type { Incident, IncidentEvent, RecoveryKind } from "./incident.ts";
import { summarizeDurations } from "./summarize-durations.ts";
import {
  judgeRecoveries,
  phasesOf,
  recoveriesByScenario,
  recoveryTimeMs,
  summarizeRecoveries,
} from "./summarize-recoveries.ts";

const minuteMs = 60_000;
const opened = openIncident({
  id: "i1",
  application: "shop",
  scenario: "stamp",
  kind: "incident",
  startedAtMs: 0,
  openedAtMs: 10 * minuteMs,
});

function after(...events: IncidentEvent[]): Incident {
  return events.reduce(applyIncidentEvent, opened);
}
const declared: IncidentEvent = { kind: "declared", by: "Ada", atMs: 20 * minuteMs };
const reached = (milestone: (typeof milestones)[number], minute: number): IncidentEvent => {
  return { kind: "reached", milestone, atMs: minute * minuteMs };
};
const closed = (minute: number): IncidentEvent => ({ kind: "closed", outcome: "recovered", atMs: minute * minuteMs });

describe("an incident", () => {
  test("counts from the start of the disaster: detection and decision are phases of it", () => {
    const whole = after(declared, reached("restored", 50), reached("booted", 55), reached("ready", 70), closed(300));
    expect(recoveryTimeMs(whole)).toBe(70 * minuteMs);
    const minutes = Object.entries(phasesOf(whole)).map(([phase, ms]) => [phase, ms / minuteMs]);
    expect(minutes).toEqual([
      ["detection", 10],
      ["decision", 10],
      ["restore", 30],
      ["boot", 5],
      ["readiness", 15],
    ]);
  });

  test("ends when it is closed, where nobody marked it ready, and has only the phases that are known", () => {
    const sparse = after(declared, reached("booted", 55), closed(90));
    expect(recoveryTimeMs(sparse)).toBe(90 * minuteMs);
    expect(Object.keys(phasesOf(sparse))).toEqual(["detection", "decision"]);
    expect(recoveryTimeMs(after(declared))).toBeNull();
  });

  test("takes a milestone that is entered late", () => {
    const late = after(declared, reached("ready", 70), reached("restored", 50), reached("detected", 5));
    expect(late.reached).toMatchObject({ detected: 5 * minuteMs, restored: 50 * minuteMs });
  });

  test.each([
    ["domain.incident.closed", [closed(30), declared]],
    ["domain.incident.out-of-order", [closed(5)]],
    ["domain.incident.out-of-order", [declared, reached("restored", 15)]],
    ["domain.incident.out-of-order", [declared, reached("detected", 25)]],
    ["domain.incident.out-of-order", [reached("ready", 70), closed(60)]],
    ["domain.incident.out-of-order", [reached("detected", -1)]],
  ] as const)("raises %s for %j", (code, events) => {
    expect(() => after(...events)).toThrow(expect.objectContaining({ code }));
  });

  test("is not opened before its disaster began", () => {
    expect(() => openIncident({ ...opened, openedAtMs: -1 })).toThrow(
      expect.objectContaining({ code: "domain.incident.out-of-order" }),
    );
  });
});

function ended(kind: RecoveryKind, minutes: number, change: Partial<Incident> = {}): Incident {
  return { ...opened, kind, closedAtMs: minutes * minuteMs, outcome: "recovered", ...change };
}

test("drills, proofs and incidents are summarized apart", () => {
  const all = [
    ended("incident", 60),
    ended("incident", 120),
    ended("stamp-drill", 30),
    ended("loopback-proof", 3),
    opened,
  ];
  const sampleSize = (kind: RecoveryKind) => summarizeRecoveries(all, kind).recovery?.sampleSize;
  expect([sampleSize("incident"), sampleSize("stamp-drill"), sampleSize("loopback-proof")]).toEqual([2, 1, 1]);
  expect(summarizeRecoveries(all, "incident")).toMatchObject({
    recovery: { meanMs: 90 * minuteMs, p50Ms: 60 * minuteMs, p95Ms: 120 * minuteMs },
    phases: { detection: { sampleSize: 2, meanMs: 10 * minuteMs } },
  });
  expect(summarizeRecoveries([opened], "incident")).toEqual({ recovery: null, phases: {} });
  // A proof on loopback starts no VM on a stamp.
  expect(recoveriesByScenario(all)).toMatchObject({ stamp: { sampleSize: 3, maxMs: 120 * minuteMs } });
});

test.each([
  [[ended("incident", 60)], []],
  [[ended("incident", 61)], ["unacceptable-disruption"]],
  [[ended("incident", 50), ended("incident", 70)], ["recovery-over-rto"]],
  [[ended("stamp-drill", 90)], ["unacceptable-disruption"]],
  [[ended("incident", 90, { application: "other" })], []],
  [[ended("incident", 90, { outcome: "false-alarm" })], []],
  [[ended("incident", 90, { outcome: "given-up" })], ["never-recovered"]],
  [[opened], ["outage-over-rto"]],
  [[{ ...opened, kind: "stamp-drill" as const }], []],
])("judges %o against an RTO of an hour: %j", (incidents, kinds) => {
  const findings = judgeRecoveries("shop", incidents, { rtoMs: 60 * minuteMs, nowMs: 61 * minuteMs });
  expect(findings.map(({ kind }) => kind)).toEqual(kinds);
});

test("a summary lies between its extremes, and its percentiles were measured", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(10_000), { minLength: 1 }), (durations) => {
      const summary = summarizeDurations(durations);
      if (summary === null) throw new Error("there are durations");
      const { sampleSize, meanMs, p50Ms, p95Ms, maxMs } = summary;
      expect(sampleSize).toBe(durations.length);
      expect(maxMs).toBe(Math.max(...durations));
      expect(durations).toContain(p50Ms);
      expect(durations).toContain(p95Ms);
      expect(p50Ms <= p95Ms && p95Ms <= maxMs && meanMs <= maxMs + 1e-6).toBe(true);
      const share = (limitMs: number) => durations.filter((ms) => ms <= limitMs).length / durations.length;
      expect(share(p50Ms)).toBeGreaterThanOrEqual(0.5);
      expect(share(p95Ms)).toBeGreaterThanOrEqual(0.95);
      expect(durations.filter((ms) => ms < p95Ms).length / durations.length).toBeLessThan(0.95);
    }),
  );
  expect(summarizeDurations([])).toBeNull();
});
