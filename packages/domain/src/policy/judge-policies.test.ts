import { describe, expect, test } from "vitest";
import { makeTestApplication, makeTestPolicy, makeTestPolicySet } from "../testing/make-policy.ts";
import { judgePolicies } from "./judge-policies.ts";
import type { Policy, PolicyApplication } from "./policy-set.ts";

const [hourMs, dayMs] = [3_600_000, 86_400_000];
const nowMs = Date.UTC(2026, 5, 1);
const everyDay = [1, 2, 3, 4, 5, 6, 7] as const;

function judge(policy: Partial<Policy>, application: Partial<PolicyApplication> = {}) {
  const own = makeTestApplication("shop", {
    policy: "gold",
    tolerance: { rtoMs: 4 * hourMs, rpoMs: 2 * hourMs },
    ...application,
  });
  const findings = judgePolicies(makeTestPolicySet([makeTestPolicy("gold", policy)], [own]), nowMs);
  return findings.map(({ kind, severity, subject }) => [kind, severity, subject]);
}

describe("judgePolicies", () => {
  test("a policy that keeps its word has no finding", () => {
    expect(judge({})).toEqual([]);
  });

  test.each<readonly [string, Partial<Policy>, string, string]>([
    ["keeps nothing", { retention: { timeZone: "UTC" } }, "policy-keeps-nothing", "blocks"],
    ["copies to itself", { copies: [{ repository: "vault", everyMs: dayMs }] }, "copy-on-itself", "blocks"],
    ["copies before it captures", { copies: [{ repository: "hill", everyMs: 60_000 }] }, "copy-too-often", "warns"],
    [
      "has a blackout that is over",
      {
        calendar: {
          timeZone: "UTC",
          windows: [],
          blackouts: [{ startMs: nowMs - dayMs, endMs: nowMs, why: "books" }],
        },
      },
      "blackout-over",
      "notes",
    ],
    [
      "never opens",
      {
        calendar: {
          timeZone: "UTC",
          windows: [{ days: everyDay, from: 0, to: 60 }],
          blackouts: [{ startMs: 0, endMs: Date.UTC(2099, 0, 1), why: "retired" }],
        },
      },
      "window-never-opens",
      "blocks",
    ],
  ])("a policy that %s is told of", (_, change, kind, severity) => {
    expect(judge(change)).toEqual([[kind, severity, "gold"]]);
  });

  test("an interval of the RPO or longer is refused, and one below it is not", () => {
    expect(judge({ intervalMs: 2 * hourMs })).toEqual([["policy-misses-rpo", "blocks", "shop"]]);
    expect(judge({ intervalMs: 2 * hourMs - 1 })).toEqual([]);
  });

  test("an application without a policy needs a waiver, and one that has ended is asked for again", () => {
    const unused = ["policy-unused", "notes", "gold"];
    expect(judge({}, { policy: null })).toEqual([unused, ["none-without-waiver", "warns", "shop"]]);
    const waiver = { reason: "redeployed", owner: "Bo", expiresAtMs: nowMs };
    expect(judge({}, { policy: null, waiver })).toEqual([unused, ["waiver-expired", "warns", "shop"]]);
    expect(judge({}, { policy: null, waiver: { ...waiver, expiresAtMs: nowMs + dayMs } })).toEqual([unused]);
  });

  test("an unknown policy is refused, and missing objectives are noted", () => {
    expect(judge({}, { policy: "glod" })).toEqual([
      ["policy-unused", "notes", "gold"],
      ["policy-unknown", "blocks", "shop"],
    ]);
    expect(judge({}, { tolerance: null })).toEqual([["objectives-missing", "notes", "shop"]]);
  });
});
