import { expect, test } from "vitest";
import type { Due, ScheduledVm } from "../schedule/decide-due.ts";
import type { ProtectedVm } from "./compile-policies.ts";
import { judgeStatus } from "./judge-status.ts";
import type { WatchedVm } from "./judge-status.ts";

const [minuteMs, hourMs] = [60_000, 3_600_000];
const nowMs = Date.UTC(2026, 5, 1, 12);

function watched(
  change: Partial<ScheduledVm> = {},
  more: Partial<Omit<WatchedVm, "scheduled">> & { application?: string } = {},
): WatchedVm {
  const scheduled = {
    key: "east web",
    intervalMs: hourMs,
    rpoMs: 2 * hourMs,
    priority: 1,
    expectedMs: 10 * minuteMs,
    enrolledAtMs: nowMs - hourMs,
    newestDataAtMs: nowMs - hourMs,
    lastStartedAtMs: nowMs - hourMs,
    failedInARow: 0,
    isRunning: false,
    ...change,
  };
  const due: Due = more.due ?? { isDue: false, why: "not-yet", nextMs: nowMs + 5 * minuteMs };
  const vm = { key: scheduled.key, application: more.application ?? "shop", way: "agentless" } as ProtectedVm;
  return { vm, isNewestProven: false, lastFailure: null, ...more, scheduled, due };
}

const statusOf = (...vms: WatchedVm[]) =>
  judgeStatus(vms, nowMs).map(({ application, status }) => `${application} ${status}`);

test("a point within the RPO is unproven until a restore of it was tried", () => {
  expect(statusOf(watched())).toEqual(["shop unproven"]);
  expect(statusOf(watched({}, { isNewestProven: true }))).toEqual(["shop proven"]);
});

test("the absence of a point is what breaches, at the moment when the RPO is over", () => {
  expect(statusOf(watched({ newestDataAtMs: nowMs - 2 * hourMs }))).toEqual(["shop unproven"]);
  expect(statusOf(watched({ newestDataAtMs: nowMs - 2 * hourMs - 1 }))).toEqual(["shop breached"]);
  expect(statusOf(watched({ newestDataAtMs: null }))).toEqual(["shop unproven"]);
  expect(statusOf(watched({ newestDataAtMs: null, enrolledAtMs: nowMs - 3 * hourMs }))).toEqual(["shop breached"]);
  expect(statusOf(watched({ newestDataAtMs: nowMs + hourMs }))).toEqual(["shop unproven"]);
});

test("an application is as bad as its worst VM, and the worst come first", () => {
  const late = watched({ key: "east late", newestDataAtMs: nowMs - 9 * hourMs }, { application: "zoo" });
  const fine = watched({ key: "east fine" }, { application: "zoo", isNewestProven: true });
  expect(statusOf(watched({}, { isNewestProven: true }), fine, late)).toEqual(["zoo breached", "shop proven"]);
});

test.each<[string, WatchedVm]>([
  [
    "it is not captured: it needs the agent",
    watched({}, { vm: { key: "k", application: "a", way: "agent" } as ProtectedVm }),
  ],
  ["a capture is under way", watched({}, { due: { isDue: false, why: "running", nextMs: null } })],
  ["its policy leaves no time to capture in", watched({}, { due: { isDue: false, why: "never-open", nextMs: null } })],
  [
    "its window is closed; the next capture is at 2026-06-01T13:00:00.000Z",
    watched({}, { due: { isDue: false, why: "closed", nextMs: nowMs + hourMs } }),
  ],
  [
    "a capture is due since 20 min 00 s and has not begun",
    watched({}, { due: { isDue: true, why: "turn", turnMs: nowMs - 20 * minuteMs } }),
  ],
  [
    "the next capture is at 2026-06-01T12:05:00.000Z; the last 3 failed: no room (repository.store.full)",
    watched({ failedInARow: 3 }, { lastFailure: { code: "repository.store.full", message: "no room" } }),
  ],
])("it says why: %s", (why, one) => {
  expect(judgeStatus([one], nowMs)[0]!.vms[0]!.why).toBe(why);
});
